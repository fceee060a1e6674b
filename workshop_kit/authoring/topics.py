"""Topics for a domain, proposed by the writer model for people to edit."""

from __future__ import annotations

import re
from typing import Any

from workshop_kit.authoring.converse import BadReply, UnusableReply, ask, list_field, text_field
from workshop_kit.authoring.prompts import Templates
from workshop_kit.domains import Domain
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.records import Topic


def propose_topics(
    aws: Any,
    source: Domain | str,
    count: int = 8,
    *,
    templates: Templates | None = None,
    model_id: str | None = None,
) -> tuple[Topic, ...]:
    """Ask the writer model for at most `count` topics that cover a domain, or a brief given as text.

    Raises BadInput for an empty brief, AwsProblem when the model can't be reached or gives no usable reply.
    """
    if isinstance(source, Domain):
        title, brief = source.title, source.brief
        headings = "\n".join(f"{topic.id} | {topic.title} | {topic.description}" for topic in source.topics)
    else:
        title, brief, headings = source.strip().split("\n")[0][:80], source.strip(), ""
    if not brief:
        raise BadInput("The brief is empty; say in a sentence or two what the model should help with.")
    if count < 1:
        raise BadInput(f"count is {count}; ask for at least 1 topic.")
    templates = templates or Templates()
    prompt = templates.fill("topics", domain=title, brief=brief, headings=headings, count=count)

    def check(reply: dict[str, Any]) -> tuple[Topic, ...]:
        topics: dict[str, Topic] = {}
        for entry in list_field(reply, "topics"):
            if not isinstance(entry, dict):
                raise BadReply("each topic must be an object")
            title = text_field(entry, "title")
            id = re.sub(r"[^a-z0-9]+", "-", str(entry.get("id") or title).lower()).strip("-")
            description = entry.get("description")
            topics.setdefault(id, Topic(id, title, description.strip() if isinstance(description, str) else ""))
        return tuple(topics.values())[:count]

    try:
        return ask(aws, model_id or aws.choose_model("writer"), prompt, templates, check)[0]
    except UnusableReply as problem:
        raise AwsProblem(
            f"The writer model's reply can't be used ({problem}); ask again or choose another model."
        ) from None
