"""A toy AWS: Converse answered in this process by the local writer, with faults to order."""

import json
import threading
import time

from botocore.exceptions import ClientError

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins import judge, writer


class ToyAws:
    """What authoring needs of Aws: client("bedrock-runtime").converse and choose_model."""

    def __init__(self, delay: float = 0.0, spoil=None) -> None:
        self.delay, self.spoil = delay, spoil or (lambda number, prompt, text: text)
        self.prompts: list[str] = []
        self.busy = self.busiest = 0
        self._lock = threading.Lock()

    def choose_model(self, role: str) -> str:
        return {"writer": "workshop.writer-v1:0", "judge": "workshop.judge-v1:0"}[role]

    def client(self, service: str) -> "ToyAws":
        assert service == "bedrock-runtime"
        return self

    def _reply(self, model: str, turns: list, system: str) -> str:
        room = judge if "judge" in model else writer
        try:
            return room.reply(None, turns, system, {})
        except AwsError as refused:
            with self._lock:
                self.busy -= 1
            raise ClientError({"Error": {"Code": refused.code, "Message": str(refused)}}, "Converse") from None

    def converse(self, *, modelId: str, system: list, messages: list, inferenceConfig: dict) -> dict:
        turns = [{"role": m["role"], "content": "".join(p["text"] for p in m["content"])} for m in messages]
        with self._lock:
            self.prompts.append(turns[0]["content"])
            number = len(self.prompts)
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        time.sleep(self.delay)
        text = self.spoil(number, turns[0]["content"], self._reply(modelId, turns, system[0]["text"]))
        with self._lock:
            self.busy -= 1
        usage = {"inputTokens": 10, "outputTokens": len(text.split()), "totalTokens": 10 + len(text.split())}
        return {
            "output": {"message": {"content": [{"text": text}]}},
            "usage": usage,
            "stopReason": "end_turn",
        }


def rows_of(path) -> list[dict]:
    """The complete lines of a file of rows."""
    data = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]
