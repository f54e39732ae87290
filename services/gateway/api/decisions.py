"""What ops decide about an alert; each is a step of its history."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.gateway.api.answers import FromConsistency, problems
from services.gateway.shapes.alerts import Alert, Dismissal
from shared.events import Department
from shared.web.body import body_as
from shared.web.keys import Caller, allow
from shared.web.paths import AlertId
from shared.web.problems import problem

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])

Ops = Annotated[Caller, Depends(allow("ops"))]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]
Needed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]

MAX_BODY = 16 * 1024


class Because(BaseModel):
    """Why; shown in the alert's history."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = Field(None, examples=["Sales corrects the quote today."])

    def more(self) -> dict[str, Any]:
        """What the decision says beside who and why."""
        return {}


class Acknowledged(Because):
    until: AwareDatetime | None = Field(
        None,
        description="When the alert comes back as open by itself; a time within a year.",
        examples=["2026-03-09T09:00:00Z"],
    )

    def more(self) -> dict[str, Any]:
        return {"until": None if self.until is None else self.until.isoformat()}


class Assigned(Because):
    """To a person or to a department."""

    person: Name | None = None
    department: Department | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> "Assigned":
        if (self.person is None) == (self.department is None):
            raise ValueError("name a person or a department, and not both")
        return self

    def more(self) -> dict[str, Any]:
        if self.person is not None:
            return {"assignee": {"kind": "person", "name": self.person}}
        return {"assignee": {"kind": "department", "name": self.department}}


class Commented(Because):
    reason: Needed = Field(description="The comment.", examples=["Support was told by phone."])


class Resolved(Because):
    reason: Needed = Field(examples=["All customers were told by letter, which is not recorded."])


class Dismissed(Resolved):
    kind: Dismissal

    def more(self) -> dict[str, Any]:
        return {"kind": self.kind}


class MergedInto(Because):
    into: Name = Field(description="The id of the alert on which this one's conflicts count from now on.")

    def more(self) -> dict[str, Any]:
        return {"into": self.into}


Said = TypeVar("Said", bound=Because)


def read_as(model: type[Said]) -> Callable[[Request, Caller], Coroutine[Any, Any, Said]]:
    """A dependency that reads the body after the caller is known to be of ops."""

    async def read(request: Request, _: Ops) -> Said:
        said = await body_as(model, request, MAX_BODY)
        if said is not None:
            return said
        needed = ", ".join(name for name, field in model.model_fields.items() if field.is_required())
        if needed or model is Assigned:
            raise problem(422, f"A body is needed; it says: {needed or 'person or department'}.")
        return model.model_validate({})

    return read


@dataclass(frozen=True, slots=True)
class Route:
    """One decision as a route: the body it reads by `read_as`, and how it describes itself."""

    action: str
    model: type[Because]
    summary: str
    description: str


ROUTES = (
    Route(
        "acknowledge",
        Acknowledged,
        "Somebody looks into it",
        "The alert's state becomes `acknowledged`, with `until` for so long; again, with another `until`, changes it.",
    ),
    Route("unacknowledge", Because, "Nobody looks into it after all", "The alert's state becomes `open` again."),
    Route(
        "assign",
        Assigned,
        "Who sees to it",
        "Gives the alert to a person or a department, in place of whoever had it; its state stays.",
    ),
    Route("unassign", Because, "Nobody sees to it", "Takes the alert from whoever it is assigned to."),
    Route("comment", Commented, "Something to know about it", "Adds the words to the alert's history."),
    Route(
        "resolve",
        Resolved,
        "The cause is corrected",
        "The alert's state becomes `resolved`. A correction that reached all its customers does so by itself.",
    ),
    Route(
        "dismiss",
        Dismissed,
        "It is none",
        "The alert's state becomes `dismissed`: it is no conflict, it is tolerated, or another alert says the same.",
    ),
    Route("reopen", Because, "It is not over", "The alert's state becomes `open` again."),
    Route(
        "merge",
        MergedInto,
        "It has the cause of another one",
        "The alert's conflicts, also those to come, count on the other one until it is split off again.",
    ),
    Route(
        "split",
        Because,
        "It has a cause of its own after all",
        "Undoes a merge: the alert has its conflicts and its state again.",
    ),
)
MODELS: tuple[type[Because], ...] = tuple(dict.fromkeys((Because, *(route.model for route in ROUTES))))


def add(route: Route) -> None:
    async def decide(
        consistency: FromConsistency,
        caller: Ops,
        id: AlertId,
        said: Annotated[Because, Depends(read_as(route.model))],
    ) -> JSONResponse:
        more = said.more()
        return JSONResponse(await consistency.act(id, route.action, caller.name, said.reason or None, **more))

    schema = {"$ref": f"#/components/schemas/{route.model.__name__}"}
    router.add_api_route(
        f"/{{id}}/{route.action}",
        decide,
        methods=["POST"],
        name=route.action,
        summary=route.summary,
        description=route.description,
        response_model=Alert,
        responses=problems(404, 409, 413, 415),
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": schema}}}},
    )


for one in ROUTES:
    add(one)
