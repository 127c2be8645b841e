"""`pointstream households`: who belongs to one, by whose word, and what its members may spend."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import typer

from cli import screen
from cli.connections import DsnOption, SealOption
from cli.in_force import Where as InForce
from cli.in_force import work_on
from cli.options import DEFAULT_DATA, DataOption, JsonOption
from cli.programmes import ProgrammeOption, TenantOption
from cli.publishing import MemberArgument, the_member
from cli.redemption_door import KeyOption, RedemptionOption, Where, ask_about
from libs.contracts.households import PATH, HouseholdAsk, HouseholdView, Operation, PurseView, Role
from libs.households import postgres as households

app = typer.Typer(help="Members who let each other spend their points.", no_args_is_help=True)
HouseholdArgument: TypeAlias = Annotated[UUID, typer.Argument(metavar="HOUSEHOLD", help="Its id.")]
ByOption: TypeAlias = Annotated[
    UUID | None,
    typer.Option("--by", metavar="ID", help="The member whose doing it is (default: yours, as an operator)."),
]
RoleOption: TypeAlias = Annotated[Role, typer.Option("--role", help="What the member is in it.")]


@app.callback()
def _group() -> None:
    """Members who let each other spend their points."""


@app.command()
def show(
    member: MemberArgument,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a member's household, and what the member may spend with it: `pointstream households show card:17`."""
    connections = Where(data, tenant, programme, None, dsn, seal_key_file, as_json).connections

    async def work(at: InForce) -> dict[str, Any]:
        _, member_id = await the_member(at.connection, connections, member, tenant, programme)
        document, slug = at.found.compiled.source, at.programme.name
        view = await households.of_member(at.connection, (*at.scope, member_id), slug, document, at.now)
        return view.model_dump(mode="json", exclude={"words"})

    told = work_on(connections, tenant, programme, work)
    if as_json:
        screen.write_json(told)
        return
    if told["household"] is not None:
        _members(told["household"])
    names = [name for name in PurseView.model_fields if name != "shares"]
    screen.write_table("May be spent", [[str(each[name]) for name in names] for each in told["purses"]], names)
    asking = [(each["household_id"], each["role"], each["until"]) for each in told["invitations"]]
    screen.write_table("Asks the member to join", asking, ("household", "role", "until"))


@app.command()
def found(
    member: MemberArgument,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Found a household, whose owner the member is."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "found", {}, key, member)


@app.command()
def invite(
    household: HouseholdArgument,
    member: MemberArgument,
    role: RoleOption = "adult",
    by: ByOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a member to belong to it; nobody does before they have agreed themselves."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "invite", {"household_id": household, "role": role, "by_id": by}, key, member)


@app.command()
def answer(
    household: HouseholdArgument,
    member: MemberArgument,
    accept: Annotated[bool, typer.Option("--accept/--decline", help="What the member says.")],
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what a member who was asked has said: `--accept` or `--decline`."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "answer", {"household_id": household, "accept": accept}, key, member)


@app.command()
def role(
    household: HouseholdArgument,
    member: MemberArgument,
    role: RoleOption,
    by: ByOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a member another role."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "change_role", {"household_id": household, "role": role, "by_id": by}, key, member)


@app.command()
def leave(
    household: HouseholdArgument,
    member: MemberArgument,
    by: ByOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a member go with all of their own points, or take an invitation back."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "depart", {"household_id": household, "by_id": by}, key, member)


@app.command()
def dissolve(
    household: HouseholdArgument,
    by: ByOption = None,
    key: KeyOption = None,
    data: DataOption = DEFAULT_DATA,
    tenant: TenantOption = None,
    programme: ProgrammeOption = None,
    redemption: RedemptionOption = None,
    dsn: DsnOption = None,
    seal_key_file: SealOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a household for all; each has what is their own."""
    where = Where(data, tenant, programme, redemption, dsn, seal_key_file, as_json)
    _change(where, "dissolve", {"household_id": household, "by_id": by}, key, None)


def register(main: typer.Typer) -> None:
    """Add the commands to the `pointstream` command line."""
    main.add_typer(app, name="households")


def _change(where: Where, operation: Operation, told: dict[str, Any], key: str | None, member: str | None) -> None:
    """Ask redemption, and tell how the household stands; ends the command when it is refused."""
    given = {"operation": operation, **told}
    made = ask_about(where, PATH, HouseholdAsk, given, key=key, member=member)
    if where.as_json:
        screen.write_json(made)
    else:
        _members(made)


def _members(told: dict[str, Any]) -> None:
    view = HouseholdView.model_validate(told)
    rows = [(str(each.member_id), each.role, each.state) for each in view.members]
    screen.write_table(f"Household {view.household_id}", rows, ("member", "role", "state"))
