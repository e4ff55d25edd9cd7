"""PowerShell runspaces (MS-PSRP) by psrpcore's server half, inside WS-Management's shells."""

import base64
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Queue
from time import monotonic
from typing import Any, Protocol
from xml.etree.ElementTree import Element

from psrpcore import (
    EndOfPipelineInputEvent,
    PipelineInputEvent,
    PSRPPayload,
    ServerPipeline,
    ServerRunspacePool,
    StreamType,
)
from psrpcore.types import (
    ErrorCategory,
    ErrorCategoryInfo,
    HostMethodIdentifier,
    NETException,
    PSInvocationState,
)

from tests.counterparts.windows import soap

LONGEST_PIECE = 100_000
_CREATION = "{http://schemas.microsoft.com/powershell}creationXml"


class Scripts(Protocol):
    """What runs scripts: the pretend Windows."""

    def run_script(
        self, script: str, lines: Iterator[str], session: "Session", arguments: list[Any]
    ) -> int | None:
        """Run a script to its end; returns the code of its `exit`, None without one."""


@dataclass
class Session:
    """What a script has in a runspace."""

    out: Callable[[str], None]
    err: Callable[[str], None]
    stopped: threading.Event


@dataclass
class Pipeline:
    """One running script."""

    server: ServerPipeline
    inputs: "Queue[str | None]" = field(default_factory=Queue)
    stopped: threading.Event = field(default_factory=threading.Event)
    started: bool = False
    done: bool = False

    def lines(self) -> Iterator[str]:
        while (line := self.inputs.get()) is not None:
            yield line


class RunspaceShell:
    """A runspace pool of one user. psrpcore is not made for threads, so the lock is held around it."""

    resource = soap.POWERSHELL

    def __init__(self, scripts: Scripts, owner: str, shell: Element) -> None:
        self.owner = owner
        self._scripts = scripts
        self._pool = ServerRunspacePool()
        self._news = threading.Condition()
        self._pipelines: dict[uuid.UUID, Pipeline] = {}
        self._ready: dict[uuid.UUID | None, list[bytes]] = {}
        creation = shell.find(_CREATION)
        if creation is None or not creation.text:
            raise soap.RefusedError(soap.NOT_SUPPORTED, "A runspace without creationXml.")
        self._take(base64.b64decode(creation.text), None)

    def close(self) -> None:
        for pipeline in self._pipelines.values():
            pipeline.stopped.set()
            pipeline.inputs.put(None)

    def _take(self, data: bytes, pipeline_id: uuid.UUID | None) -> None:
        with self._news:
            self._pool.receive_data(PSRPPayload(data, StreamType.default, pipeline_id))
            while (event := self._pool.next_event()) is not None:
                self._react(event)
            self._collect()

    def _react(self, event: Any) -> None:
        pipeline = self._pipelines.get(event.pipeline_id) if event.pipeline_id else None
        if pipeline is None:
            return
        if isinstance(event, PipelineInputEvent):
            pipeline.inputs.put(str(event.data))
        elif isinstance(event, EndOfPipelineInputEvent):
            pipeline.inputs.put(None)
        if pipeline.server.metadata is not None and not pipeline.started:
            pipeline.started = True
            # Windows says nothing when a pipeline begins: clients take the first answer for output.
            pipeline.server._change_state(PSInvocationState.Running, emit=False)
            if pipeline.server.metadata.no_input:
                pipeline.inputs.put(None)
            run = threading.Thread(target=self._run, args=(pipeline,), name="windows-script", daemon=True)
            run.start()

    def _collect(self) -> None:
        """Sort what psrpcore wants to send by whom it is for."""
        while (payload := self._pool.data_to_send(LONGEST_PIECE)) is not None:
            self._ready.setdefault(payload.pipeline_id, []).append(payload.data)
        self._news.notify_all()

    def _run(self, pipeline: Pipeline) -> None:
        command = pipeline.server.metadata.commands[0]
        arguments = [value for _, value in command.parameters]
        session = Session(
            out=lambda text: self._say(pipeline, text),
            err=lambda text: self._complain(pipeline, text),
            stopped=pipeline.stopped,
        )
        try:
            code = self._scripts.run_script(command.command_text, pipeline.lines(), session, arguments)
        except Exception as wrong:  # noqa: BLE001 -- the client must see it, loudly
            self._complain(pipeline, f"THE BENCH: {type(wrong).__name__}: {wrong}")
            code = 1
        with self._news:
            if pipeline.done:
                return
            if code is not None:
                pipeline.server.host_call(HostMethodIdentifier.SetShouldExit, [code])
            pipeline.server.complete()
            pipeline.done = True
            self._collect()

    def _say(self, pipeline: Pipeline, text: str) -> None:
        with self._news:
            if pipeline.done:
                return
            for line in text.removesuffix("\n").split("\n"):
                pipeline.server.write_output(line.removesuffix("\r"))
            self._collect()

    def _complain(self, pipeline: Pipeline, text: str) -> None:
        with self._news:
            if pipeline.done:
                return
            pipeline.server.write_error(
                NETException(text),
                ErrorCategoryInfo(Category=ErrorCategory.NotSpecified, Reason="Exception"),
                fully_qualified_error_id="Microsoft.PowerShell.Commands.WriteErrorException",
            )
            self._collect()

    def command(self, request: soap.Request) -> str:
        """Begin a pipeline; its first piece comes with the command, the rest by Send."""
        line = request.part("CommandLine")
        named = "" if line is None else line.get("CommandId", "")
        pipeline_id = uuid.UUID(named) if named else uuid.uuid4()
        with self._news:
            self._pipelines[pipeline_id] = Pipeline(ServerPipeline(self._pool, pipeline_id))
        self._take(base64.b64decode(request.text("Arguments")), pipeline_id)
        name = str(pipeline_id).upper()
        return f"<rsp:CommandResponse><rsp:CommandId>{name}</rsp:CommandId></rsp:CommandResponse>"

    def send(self, request: soap.Request) -> str:
        piece = request.part("Stream")
        if piece is None:
            raise soap.RefusedError(soap.NOT_SUPPORTED, "Send without a stream.")
        named = piece.get("CommandId")
        self._take(base64.b64decode(piece.text or ""), uuid.UUID(named) if named else None)
        return "<rsp:SendResponse/>"

    def receive(self, request: soap.Request) -> str:
        wanted = request.part("DesiredStream")
        named = None if wanted is None else wanted.get("CommandId")
        pipeline_id = uuid.UUID(named) if named else None
        if pipeline_id is not None and pipeline_id not in self._pipelines:
            raise soap.RefusedError(soap.COMMAND_NOT_FOUND, "The command was not found in this shell.")
        deadline = monotonic() + request.timeout_seconds
        with self._news:
            while not self._ready.get(pipeline_id):
                left = deadline - monotonic()
                if left <= 0:
                    raise soap.timed_out()
                self._news.wait(left)
            piece = self._ready[pipeline_id].pop(0)
            more = bool(self._ready[pipeline_id])
            ended = pipeline_id is not None and self._pipelines[pipeline_id].done
        parts = [soap.stream("stdout", named or "", base64.b64encode(piece).decode())]
        if pipeline_id is not None:
            parts.append(soap.state(named or "", 0 if ended and not more else None))
        return f"<rsp:ReceiveResponse>{''.join(parts)}</rsp:ReceiveResponse>"

    def signal(self, request: soap.Request) -> str:
        named = request.part("Signal")
        pipeline_id = uuid.UUID("" if named is None else named.get("CommandId", ""))
        pipeline = self._pipelines.get(pipeline_id)
        if pipeline is not None:
            pipeline.stopped.set()
            pipeline.inputs.put(None)
            with self._news:
                if not pipeline.done:
                    pipeline.done = True
                    pipeline.server.stop()
                    self._collect()
        return "<rsp:SignalResponse/>"
