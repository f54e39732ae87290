"""What ops decide about an alert; each is a step of its history."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.gateway.api.answers import FromConsistency, problems
from services.gateway.shapes.alerts import Alert, Dismissal
from services.gateway.upstream import Consistency
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
MODELS: tuple[type[Because], ...] = (
    *(Because, Acknowledged, Assigned, Commented, Resolved, Dismissed),
    MergedInto,
)


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


def documented(model: type[Because]) -> dict[str, Any]:
    """How a route describes itself: its answer, and its body, which is read by `read_as`."""
    body = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}}
    return {
        "response_model": Alert,
        "responses": problems(404, 409, 413, 415),
        "openapi_extra": {"requestBody": body},
    }


async def decide(consistency: Consistency, id: str, action: str, caller: Caller, said: Because) -> JSONResponse:
    return JSONResponse(await consistency.act(id, action, caller.name, said.reason or None, **said.more()))


@router.post("/{id}/acknowledge", summary="Somebody looks into it", **documented(Acknowledged))
async def acknowledge(
    consistency: FromConsistency,
    caller: Ops,
    id: AlertId,
    said: Annotated[Acknowledged, Depends(read_as(Acknowledged))],
) -> JSONResponse:
    """The alert's state becomes `acknowledged`, with `until` for so long; again, with another `until`, changes it."""
    return await decide(consistency, id, "acknowledge", caller, said)


@router.post("/{id}/unacknowledge", summary="Nobody looks into it after all", **documented(Because))
async def unacknowledge(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Because, Depends(read_as(Because))]
) -> JSONResponse:
    """The alert's state becomes `open` again."""
    return await decide(consistency, id, "unacknowledge", caller, said)


@router.post("/{id}/assign", summary="Who sees to it", **documented(Assigned))
async def assign(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Assigned, Depends(read_as(Assigned))]
) -> JSONResponse:
    """Gives the alert to a person or a department, in place of whoever had it; its state stays."""
    return await decide(consistency, id, "assign", caller, said)


@router.post("/{id}/unassign", summary="Nobody sees to it", **documented(Because))
async def unassign(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Because, Depends(read_as(Because))]
) -> JSONResponse:
    """Takes the alert from whoever it is assigned to."""
    return await decide(consistency, id, "unassign", caller, said)


@router.post("/{id}/comment", summary="Something to know about it", **documented(Commented))
async def comment(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Commented, Depends(read_as(Commented))]
) -> JSONResponse:
    """Adds the words to the alert's history."""
    return await decide(consistency, id, "comment", caller, said)


@router.post("/{id}/resolve", summary="The cause is corrected", **documented(Resolved))
async def resolve(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Resolved, Depends(read_as(Resolved))]
) -> JSONResponse:
    """The alert's state becomes `resolved`. A correction that reached all its customers does so by itself."""
    return await decide(consistency, id, "resolve", caller, said)


@router.post("/{id}/dismiss", summary="It is none", **documented(Dismissed))
async def dismiss(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Dismissed, Depends(read_as(Dismissed))]
) -> JSONResponse:
    """The alert's state becomes `dismissed`: it is no conflict, it is tolerated, or another alert says the same."""
    return await decide(consistency, id, "dismiss", caller, said)


@router.post("/{id}/reopen", summary="It is not over", **documented(Because))
async def reopen(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Because, Depends(read_as(Because))]
) -> JSONResponse:
    """The alert's state becomes `open` again."""
    return await decide(consistency, id, "reopen", caller, said)


@router.post("/{id}/merge", summary="It has the cause of another one", **documented(MergedInto))
async def merge(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[MergedInto, Depends(read_as(MergedInto))]
) -> JSONResponse:
    """The alert's conflicts, also those to come, count on the other one until it is split off again."""
    return await decide(consistency, id, "merge", caller, said)


@router.post("/{id}/split", summary="It has a cause of its own after all", **documented(Because))
async def split(
    consistency: FromConsistency, caller: Ops, id: AlertId, said: Annotated[Because, Depends(read_as(Because))]
) -> JSONResponse:
    """Undoes a merge: the alert has its conflicts and its state again."""
    return await decide(consistency, id, "split", caller, said)
