// Rebuilds what a keyboard scanner typed, also while a Japanese input method swallows the text:
// the text is lost then, but `event.code` still names the physical key. Letters, digits and the
// hyphen are the same on US and JIS keyboards; every other key becomes a space, which ends a run,
// so that the server finds the tag in `https://host/t/PC…` typed on the wrong layout.
const FAST = 100;

const physical = ({ code, shiftKey }) => {
  if (code.startsWith("Key")) return code.slice(3);
  if (code.startsWith("Digit")) return shiftKey ? " " : code.slice(5);
  if (code.startsWith("Numpad") && code.length === 7) return code.slice(6);
  if (code === "Minus" || code === "NumpadSubtract") return shiftKey ? " " : "-";
  return /^(Shift|Caps|Control|Alt|Meta|Convert|NonConvert|Kana|Lang|Zenkaku|Hankaku|IntlYen)/.test(code) ? "" : " ";
};

export class Wedge {
  text = "";
  ime = false;
  last = 0;

  // Takes a keydown; answers "scan" when a suffix ended a scan, "key" when it was part of one.
  take(event) {
    const composing = event.keyCode === 229 || event.key === "Process" || event.isComposing;
    if (event.ctrlKey || event.metaKey || event.altKey) return "";
    const quick = event.timeStamp - this.last < FAST;
    const ends = event.code === "Enter" || event.code === "NumpadEnter" || (event.code === "Tab" && quick);
    if (ends && this.text) return "scan";
    const key = composing ? physical(event) : event.key.length === 1 ? event.key : "";
    if (!key) return "";
    this.ime ||= composing;
    this.text += key;
    this.last = event.timeStamp;
    return "key";
  }

  clear() {
    this.text = "";
    this.ime = false;
  }
}
