// Three sounds nobody mistakes: ok rises, again repeats, no is low and long.
const TONES = { ok: [[880, 0, 0.07], [1320, 0.08, 0.09]], again: [[660, 0, 0.08], [660, 0.14, 0.08]], no: [[160, 0, 0.45]] };
let audio;

export const play = (verdict) => {
  if (!navigator.userActivation?.hasBeenActive) return; // browsers are silent until touched
  audio ??= new AudioContext();
  for (const [pitch, after, length] of TONES[verdict] ?? []) {
    const tone = audio.createOscillator();
    const level = audio.createGain();
    tone.type = verdict === "no" ? "sawtooth" : "sine";
    tone.frequency.value = pitch;
    level.gain.value = 0.15;
    tone.connect(level).connect(audio.destination);
    tone.start(audio.currentTime + after);
    tone.stop(audio.currentTime + after + length);
  }
  if (verdict !== "ok") navigator.vibrate?.(verdict === "no" ? 300 : [60, 60, 60]);
};
