"""Whether what a path names is at one of a person's sites: what is elsewhere does not exist, whatever one may do."""

from fastapi import Request

from api.ids import episode_of
from workflow.domain.errors import NotFoundError
from workflow.service import look
from workflow.store.staff import Person


def in_sight(request: Request, person: Person) -> bool:
    """Whether the thing a request's path names is at a site of this person; True where it names none."""
    named = request.path_params.get("id")
    if named is None:
        return True
    kind = request.url.path.split(f"/{named}", 1)[0].rpartition("/")[2]
    if kind == "sites":
        return named in person.sites
    if kind == "sessions":
        return True  # one's own; others' are not found
    if kind == "staff":
        return look.knows(request.app.state.desk, person, named)
    try:
        episode = episode_of(named.partition("~")[0])
    except NotFoundError:
        return False
    return look.sees(request.app.state.desk, person, episode)
