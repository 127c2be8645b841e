"""What is said of messages and of why they went out or did not, in every language."""

from __future__ import annotations

from libs.deliveries.told import Entry, Told
from libs.language.catalogue import Catalogue, Texts

_ENGLISH: Texts = {
    "message.expiry_reminder": "Reminder that points lapse",
    "message.points_credited": "Points credited",
    "message.points_expired": "Points lapsed",
    "message.reward_granted": "Reward granted",
    "message.order_moved": "News of an order",
    "message.reward_in_reach": "A wish in reach",
    "message.welcome": "Welcome",
    "message.tier_reached": "Tier reached",
    "message.tier_about_to_drop": "Tier about to drop",
    "channel.email": "Email",
    "channel.sms": "SMS",
    "channel.push": "Push",
    "channel.web_push": "Web push",
    "channel.webhook": "Webhook",
    "channel.http": "Provider",
    "channel.inbox": "Inbox",
    "channel.till": "Till",
    "channel.file": "Letter",
    "state.waiting": "waits to be looked at",
    "state.postponed": "waits",
    "state.sending": "is being sent",
    "state.handed": "was handed over",
    "state.delivered": "arrived",
    "state.opened": "was opened",
    "state.clicked": "was followed",
    "state.bounced": "came back",
    "state.failed": "was given up",
    "state.suppressed": "was not sent",
    "reason.too_late": "It was of no use any more.",
    "reason.member_left": "The member has left, or was merged into another.",
    "reason.nothing_lapses": "Nothing lapses any more: the points were spent or moved.",
    "reason.points_spared": "An exception spares the points at this boundary.",
    "reason.not_dropping": "The tier is kept after all, or was lost already.",
    "reason.goal_reached": "The member has reached the goal of the scenario.",
    "reason.not_meant": "The member is in none of the segments or tiers that this step is for.",
    "reason.held_out": "The member is in the control group of the scenario, which gets nothing.",
    "reason.called_off": "Whoever sent it to many members called it off.",
    "reason.paused": "Whoever sends it to many members has paused it.",
    "reason.reached_otherwise": "Another channel has reached the member.",
    "reason.no_consent": "The member never agreed to messages of this purpose on this channel.",
    "reason.opted_out": "The member said no to messages of this purpose on this channel.",
    "reason.no_address": "No address of the member is known for this channel.",
    "reason.address_dead": "The address is dead: a message came back, or its owner complained.",
    "reason.quiet_until_too_late": "It is quiet for the member until the message is of no use any more.",
    "reason.cap_reached": "The member has had as many messages of this purpose as the programme allows.",
    "reason.cap_contended": "Another message to the member was just being sent.",
    "reason.not_told": "The programme does not tell this any more.",
    "reason.quiet_hours": "It is quiet for the member, by the clock where they live.",
    "reason.member_unreadable": "What is kept of the member was sealed with another key.",
    "reason.not_written": "The template could not be filled.",
    "reason.set_aside": "Several workers ended over it, so that it was set aside.",
    "reason.lease_ended": "The worker that had it was not heard of any more.",
    "reason.address-unknown": "Nobody is at the address.",
    "reason.address-refused": "The carrier does not deliver to the address.",
    "reason.content-refused": "The carrier does not take the content.",
    "reason.credentials-refused": "The carrier does not let us in.",
    "reason.provider-failed": "The carrier had an error.",
    "reason.provider-busy": "The carrier asked to come later.",
    "reason.provider-away": "The carrier could not be reached.",
    "reason.no-answer": "It was sent, and the carrier's answer never came.",
    "reason.mailbox-full": "The mailbox was full.",
    "reason.complaint": "Its reader complained about it.",
    "until": "It is looked at again at {when}.",
    "next": "Next channel: {channel}.",
    "none": "No message was ever meant for this member.",
    "page.title": "Outbox",
    "page.intro": "What members would be sent: this platform has no provider for these channels, so nothing leaves it.",
    "page.empty": "Nothing yet. Reminders arrive here when a step of a series comes due.",
    "page.when": "When",
    "page.message": "Message",
    "page.channel": "Channel",
    "page.to": "To",
    "page.says": "Says",
    "page.show": "Show",
    "page.shown": "Message as the member sees it",
    "page.why": "What was decided, and why",
    "page.state": "State",
    "page.reason": "Reason",
    "page.text": "As text",
    "page.refuse": "Address for not being written to",
    "page.member": "Member",
    "page.own": "To people of the company: tests, and figures",
    "page.posts": "On pages of the company",
    "message.results": "Figures of the programme",
    "message.answer_waits": "Answer in the chat",
    "message.invitation": "Invitation",
    "message.confirmation": "Confirmation of a consent",
    "message.birthday": "Birthday",
    "message.redemption_done": "Redemption confirmed",
    "message.inactivity": "Not seen for long",
    "message.campaign": "Campaign",
}
_GERMAN: Texts = {
    "message.expiry_reminder": "Erinnerung an verfallende Punkte",
    "message.points_credited": "Punkte gutgeschrieben",
    "message.points_expired": "Punkte verfallen",
    "message.reward_granted": "Prämie erhalten",
    "message.order_moved": "Neues von einer Bestellung",
    "message.reward_in_reach": "Ein Wunsch in Reichweite",
    "message.welcome": "Willkommen",
    "message.tier_reached": "Stufe erreicht",
    "message.tier_about_to_drop": "Stufe in Gefahr",
    "channel.email": "E-Mail",
    "channel.sms": "SMS",
    "channel.push": "Push",
    "channel.web_push": "Web-Push",
    "channel.webhook": "Webhook",
    "channel.http": "Anbieter",
    "channel.inbox": "Postfach",
    "channel.till": "Kasse",
    "channel.file": "Brief",
    "state.waiting": "wartet auf einen Blick",
    "state.postponed": "wartet",
    "state.sending": "wird gerade gesendet",
    "state.handed": "wurde übergeben",
    "state.delivered": "ist angekommen",
    "state.opened": "wurde geöffnet",
    "state.clicked": "wurde angeklickt",
    "state.bounced": "kam zurück",
    "state.failed": "wurde aufgegeben",
    "state.suppressed": "wurde nicht gesendet",
    "reason.too_late": "Sie nützte nichts mehr.",
    "reason.member_left": "Das Mitglied ist ausgetreten oder wurde mit einem anderen zusammengeführt.",
    "reason.nothing_lapses": "Es verfällt nichts mehr: Die Punkte wurden eingelöst oder bewegt.",
    "reason.points_spared": "Eine Ausnahme verschont die Punkte an diesem Stichtag.",
    "reason.not_dropping": "Die Stufe bleibt doch oder ist schon verloren.",
    "reason.goal_reached": "Das Mitglied hat das Ziel des Szenarios erreicht.",
    "reason.not_meant": "Das Mitglied ist in keinem Segment und auf keiner Stufe, für die dieser Schritt ist.",
    "reason.held_out": "Das Mitglied ist in der Kontrollgruppe des Szenarios, die nichts bekommt.",
    "reason.called_off": "Wer sie an viele Mitglieder sandte, hat sie abgebrochen.",
    "reason.paused": "Wer sie an viele Mitglieder sendet, hat sie angehalten.",
    "reason.reached_otherwise": "Ein anderer Kanal hat das Mitglied erreicht.",
    "reason.no_consent": "Das Mitglied hat Nachrichten zu diesem Zweck auf diesem Kanal nie zugestimmt.",
    "reason.opted_out": "Das Mitglied hat Nachrichten zu diesem Zweck auf diesem Kanal abgelehnt.",
    "reason.no_address": "Für diesen Kanal ist keine Adresse des Mitglieds bekannt.",
    "reason.address_dead": "Die Adresse ist tot: Eine Nachricht kam zurück, oder ihr Besitzer hat sich beschwert.",
    "reason.quiet_until_too_late": "Für das Mitglied ist Ruhezeit, bis die Nachricht nichts mehr nützt.",
    "reason.cap_reached": "Das Mitglied hat so viele Nachrichten zu diesem Zweck, wie das Programm erlaubt.",
    "reason.cap_contended": "Eine andere Nachricht an das Mitglied wurde gerade gesendet.",
    "reason.not_told": "Das Programm teilt dies nicht mehr mit.",
    "reason.quiet_hours": "Beim Mitglied ist Ruhezeit, nach der Uhr an seinem Ort.",
    "reason.member_unreadable": "Was über das Mitglied bekannt ist, ist mit einem anderen Schlüssel versiegelt.",
    "reason.not_written": "Die Vorlage konnte nicht gefüllt werden.",
    "reason.set_aside": "Mehrere Prozesse endeten darüber; sie wurde beiseitegelegt.",
    "reason.lease_ended": "Von dem Prozess, der sie hatte, war nichts mehr zu hören.",
    "reason.address-unknown": "Unter der Adresse ist niemand.",
    "reason.address-refused": "Der Überbringer stellt an die Adresse nicht zu.",
    "reason.content-refused": "Der Überbringer nimmt den Inhalt nicht an.",
    "reason.credentials-refused": "Der Überbringer lässt uns nicht hinein.",
    "reason.provider-failed": "Der Überbringer hatte einen Fehler.",
    "reason.provider-busy": "Der Überbringer bat, später zu kommen.",
    "reason.provider-away": "Der Überbringer war nicht zu erreichen.",
    "reason.no-answer": "Sie wurde gesendet, und die Antwort des Überbringers kam nie.",
    "reason.mailbox-full": "Das Postfach war voll.",
    "reason.complaint": "Jemand hat sich über sie beschwert.",
    "until": "Um {when} wird wieder nachgesehen.",
    "next": "Nächster Kanal: {channel}.",
    "none": "Für dieses Mitglied war nie eine Nachricht bestimmt.",
    "page.title": "Postausgang",
    "page.intro": "Was Mitglieder bekämen: Diese Plattform hat für diese Kanäle keinen Anbieter, nichts verlässt sie.",
    "page.empty": "Noch nichts. Erinnerungen kommen hierher, wenn ein Schritt fällig wird.",
    "page.when": "Wann",
    "page.message": "Nachricht",
    "page.channel": "Kanal",
    "page.to": "An",
    "page.says": "Inhalt",
    "page.show": "Zeigen",
    "page.shown": "Nachricht, wie das Mitglied sie sieht",
    "page.why": "Was entschieden wurde, und warum",
    "page.state": "Stand",
    "page.reason": "Grund",
    "page.text": "Als Text",
    "page.refuse": "Adresse zum Abbestellen",
    "page.member": "Mitglied",
    "page.own": "An Leute des Unternehmens: Tests und Zahlen",
    "page.posts": "Auf Seiten des Unternehmens",
    "message.results": "Zahlen des Programms",
    "message.answer_waits": "Antwort im Chat",
    "message.invitation": "Einladung",
    "message.confirmation": "Bestätigung einer Einwilligung",
    "message.birthday": "Geburtstag",
    "message.redemption_done": "Einlösung bestätigt",
    "message.inactivity": "Lange nicht gesehen",
    "message.campaign": "Aktion",
}
DELIVERIES = Catalogue({"en": _ENGLISH, "de": _GERMAN})


def reason_in_words(reason: str | None, language: str) -> str | None:
    """Say why, in a sentence; a reason of a provider that has no words is given as it is."""
    return None if reason is None else DELIVERIES.get(language, f"reason.{reason}", reason)


def name_of_message(message: str, language: str) -> str:
    """Say which message it is; a programme's own has its own name."""
    return DELIVERIES.get(language, f"message.{message}", message)


def in_words(told: Told, language: str) -> str:
    """Say how a message stands, why, and what comes next, in a line."""
    parts = [
        f"{name_of_message(told.message, language)}, {DELIVERIES.say(language, f'channel.{told.channel}')}: "
        f"{DELIVERIES.say(language, f'state.{told.state}')}."
    ]
    if (why := reason_in_words(told.reason, language)) is not None:
        parts.append(why)
    if told.state == "postponed":
        parts.append(DELIVERIES.say(language, "until", when=_text(told)))
    return " ".join(parts)


def entry_in_words(entry: Entry, language: str) -> str:
    """Say what was decided or answered at one moment."""
    state = DELIVERIES.say(language, f"state.{entry.state}")
    why = reason_in_words(entry.reason, language)
    return state if why is None else f"{state}: {why}"


def _text(told: Told) -> str:
    return told.due_at.isoformat(timespec="minutes").replace("+00:00", "Z")
