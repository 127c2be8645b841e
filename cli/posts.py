"""`pointstream posts`: what the company says on its own pages on a network: written, published, watched."""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from uuid import UUID, uuid4

import typer
import yaml

from cli import screen
from cli.connections import Connections, DsnOption
from cli.exits import Exit
from cli.failures import fail
from cli.in_force import Where, work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import who
from libs.posts import postgres as posts
from libs.posts.postgres import NameTaken, NoPicture, OnPage, Seen
from libs.posts.states import ENDED, Action
from libs.posts.texts import POSTS, reason_in_words
from libs.posts.wanted import Post, PostInvalid, post_of
from libs.promotions.strict_yaml import read_yaml
from libs.runtime.clock import monotonic
from libs.runtime.keys import event_key
from libs.sweeps.tables import text as instant_text

app = typer.Typer(help="Posts on the company's own pages: draft, publish, watch, call off.", no_args_is_help=True)
_LOOK = 0.5
_FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="YAML: name, words, link, picture, pages, …")
]
_IdArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The post's id.")]
_NameOption = Annotated[
    str | None, typer.Option("--id", metavar="NAME", help="Names the request: under the same name it counts once.")
]


class Whole(NamedTuple):
    """A post with how it stands on its pages."""

    seen: Seen
    pages: list[OnPage]


@app.callback()
def _group() -> None:
    """Posts on the company's own pages: draft, publish, watch, call off."""


@app.command()
def check(file: _FileArgument, as_json: JsonOption = False) -> None:
    """Check a post as `draft` would, and do nothing; nothing needs to run."""
    wanted = _read(file, as_json)
    if as_json:
        screen.write_json({"valid": True, "post": _document(wanted)})
    else:
        typer.echo(f"{file}: a post without a fault")


@app.command()
def draft(
    file: _FileArgument,
    name: _NameOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep a post as a draft. Nothing is published: `publish` does that."""
    wanted = _read(file, as_json)

    async def work(where: Where) -> Whole:
        post_id = UUID(str(event_key(where.programme.source("cli"), name))) if name else uuid4()
        named = (post_id, sha256(wanted.model_dump_json().encode()).digest())
        try:
            async with where.connection.transaction():
                await posts.make(where.connection, where.scope, named, wanted, who(), where.now)
        except (NameTaken, NoPicture) as error:
            fail(Exit.USAGE, str(error), as_json=as_json)
        return await _load(where, post_id)

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


@app.command("list")
def list_posts(
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List posts, the newest first."""

    async def work(where: Where) -> list[Seen]:
        return await posts.load(where.connection, *where.scope)

    found = work_on(Connections(data, as_json, dsn), tenant, programme, work)
    if as_json:
        screen.write_json({"posts": [_told(each) for each in found]})
        return
    rows = [(each.name, each.state, each.made_by, str(each.post_id)) for each in found]
    screen.write_table("Posts", rows, ("name", "state", "written by", "id"))


@app.command()
def show(
    post: _IdArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a post says, how it stands on each page, and why it does not."""

    async def work(where: Where) -> Whole:
        return await _load(where, post)

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


@app.command()
def publish(
    post: _IdArgument,
    wait: Annotated[
        float | None, typer.Option("--wait", metavar="SECONDS", help="Follow it for so long, until it is over.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish a draft, at its hour if it has one; in a programme of many members it waits for a second person."""

    async def work(where: Where) -> Whole:
        await _steer(where, post, "publish")
        return await _followed(where, post, wait or 0.0)

    _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)


def _steering(action: Action, does: str) -> None:
    def command(
        post: _IdArgument,
        data: DataOption = DEFAULT_DATA,
        tenant: TenantOption = None,
        programme: ProgrammeOption = None,
        dsn: DsnOption = None,
        as_json: JsonOption = False,
    ) -> None:
        async def work(where: Where) -> Whole:
            await _steer(where, post, action)
            return await _load(where, post)

        _show(work_on(Connections(data, as_json, dsn), tenant, programme, work), as_json=as_json)

    command.__doc__ = does
    app.command(action)(command)


_steering("approve", "Agree to a post. Who had it published can not.")
_steering("refuse", "Refuse a post. Who had it published can not.")
_steering("cancel", "Call a post off; where it is published already it stays.")
_steering("retry", "Try the pages again that a post failed on.")


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="posts")


_REFUSALS = {
    "unknown": "there is no such post",
    "own": "you had it published yourself; somebody else decides",
    "otherwise": "it can't be as the post stands; see `pointstream posts show`",
}


async def _steer(where: Where, post_id: UUID, action: Action) -> None:
    above = where.found.compiled.source.messages.approval_above
    async with where.connection.transaction():
        done = await posts.steer(where.connection, where.scope, post_id, action, who(), where.now, approval_above=above)
    if done != "done":
        fail(Exit.FAILED, _REFUSALS[done], as_json=where.connections.as_json)


async def _followed(where: Where, post_id: UUID, seconds: float) -> Whole:
    """The post once it is over, or as it stands after so long."""
    until = monotonic() + seconds
    with screen.reporting() as news, news.step("Publishing") as step:
        while (whole := await _load(where, post_id)).seen.state not in ENDED and monotonic() < until:
            done = sum(each.state == "published" for each in whole.pages)
            step.progress(f"{done} pages", done, len(whole.pages) or None)
            await asyncio.sleep(_LOOK)
        step.done(f"{len(whole.pages)} pages")
    return whole


async def _load(where: Where, post_id: UUID) -> Whole:
    tenant_id = where.programme.tenant_id
    seen = await posts.load_one(where.connection, tenant_id, post_id)
    if seen is None:
        fail(Exit.FAILED, _REFUSALS["unknown"], as_json=where.connections.as_json)
    return Whole(seen, await posts.load_pages(where.connection, tenant_id, post_id))


def _read(file: Path, as_json: bool) -> Post:
    try:
        return post_of(read_yaml(file.read_text(encoding="utf-8")))
    except (PostInvalid, yaml.YAMLError, UnicodeDecodeError) as error:
        fail(Exit.USAGE, f"{file}: {error}", as_json=as_json)


def _show(whole: Whole, *, as_json: bool) -> None:
    seen = whole.seen
    if as_json:
        screen.write_json({**_told(seen), "pages": [_plain(each._asdict()) for each in whole.pages]})
        return
    line = f"{seen.post_id} {seen.name}: {POSTS.say('en', f'state.{seen.state}')}"
    screen.out().print(line, markup=False)
    for said in seen.wanted.words:
        screen.out().print(f"\n{said.language}: {said.text}", markup=False)
    rows = [
        (each.page, each.language, each.state, each.provider_id or "", reason_in_words(each.reason, "en"))
        for each in whole.pages
    ]
    if rows:
        screen.write_table("On the pages", rows, ("page", "language", "state", "there", "why not"))


def _told(seen: Seen) -> dict[str, Any]:
    return {**_plain(seen._asdict()), "wanted": _document(seen.wanted)}


def _document(wanted: Post) -> dict[str, Any]:
    return wanted.model_dump(mode="json", exclude_defaults=True)


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: instant_text(each) if isinstance(each, datetime) else str(each) if isinstance(each, UUID) else each
        for name, each in found.items()
    }
