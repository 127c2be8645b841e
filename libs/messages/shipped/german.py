"""The shipped words in German."""

from __future__ import annotations

from collections.abc import Mapping

from libs.messages.shipped.words import Frame, Words

PHRASES: Mapping[str, str] = {
    "points": "{{ points|plural(one='{n} Punkt', other='{n} Punkte') }}",
    "balance": "{{ balance|plural(one='{n} Punkt', other='{n} Punkte') }}",
    "offer": "{{ offer.points|plural(one='{n} Punkt', other='{n} Punkte') }}",
    "in": "{% if days_left > 1 %}in {{ days_left|plural(one='{n} Tag', other='{n} Tagen') }}"
    "{% elif days_left == 1 %}morgen{% else %}heute{% endif %}",
}
"""What the words below have in brackets."""

_REWARDS = {"rewards": "Für Sie in Reichweite"}
_OFFERS = {"rewards": "Für Sie in Reichweite", "products": "Für Sie ausgesucht"}

FRAME = Frame(
    greeting="{% if given_name %}Guten Tag {{ given_name }},{% else %}Guten Tag,{% endif %}",
    farewell="Herzliche Grüße<br />{{ brand }}",
    why="Sie erhalten diese Nachricht, weil Sie bei {{ programme }} Mitglied sind.",
    preferences="Wählen, worüber wir Ihnen schreiben",
    unsubscribe="Abmelden",
    logo="{{ brand }}",
)

WORDS: Mapping[str, Words] = {
    "expiry_reminder": Words(
        title="[points], einzulösen bis {{ last_day|day_of_year }}",
        figure="{{ points }}",
        caption="{{ points|plural(one='Punkt', other='Punkte') }}, einzulösen bis {{ last_day }}",
        body=(
            "[points] können Sie noch bis {{ last_day|weekday }}, {{ last_day }}, einlösen; "
            "der letzte Tag dafür ist [in]. Insgesamt haben Sie [balance].",
            "{% if value %}Das ist ein Wert von {{ value }}. {% endif %}Es wäre schade, die Punkte "
            "verfallen zu lassen.",
        ),
        short="[points] können Sie bis {{ last_day }} einlösen. Gönnen Sie sich etwas.",
        till="[points], einzulösen bis {{ last_day }}.",
        button="Punkte einlösen",
        offers=_REWARDS,
    ),
    "points_expired": Words(
        title="[points] verfallen am {{ last_day|day_of_year }}",
        body=(
            "[points] konnten bis {{ last_day }} eingelöst werden und gelten seit dem Ende dieses Tages nicht mehr.",
            "Sie haben jetzt [balance]. Vor dem nächsten Termin schreiben wir Ihnen rechtzeitig.",
        ),
        short="[points] galten bis {{ last_day }}. Sie haben jetzt [balance].",
        till="[points] galten bis {{ last_day }}.",
        button="Meine Punkte ansehen",
    ),
    "points_credited": Words(
        title="[points] für Sie",
        figure="+{{ points }}",
        caption="{% if reason %}{{ reason }}{% else %}{{ programme }}{% endif %}",
        body=(
            "Vielen Dank! Wir haben Ihnen [points] gutgeschrieben{% if reason %}: {{ reason }}{% endif %}.",
            "{% if active_from %}Einlösen können Sie sie ab {{ active_from }}.{% else %}"
            "Sie haben jetzt [balance].{% endif %}",
        ),
        short="Wir haben Ihnen [points] gutgeschrieben. "
        "{% if active_from %}Einlösbar ab {{ active_from }}.{% else %}Sie haben jetzt [balance].{% endif %}",
        till="[points] für Sie. Sie haben [balance].",
        button="Meine Punkte ansehen",
        offers=_OFFERS,
    ),
    "reward_granted": Words(
        title="Eine Prämie für Sie: {{ reward }}",
        figure="{% if code %}{{ code }}{% else %}{{ reward }}{% endif %}",
        caption="{% if code %}Zeigen Sie diesen Code an der Kasse oder geben Sie ihn im Shop ein"
        "{% else %}ab sofort für Sie{% endif %}",
        body=(
            "Eine gute Nachricht: {{ reward }} gehört Ihnen.",
            "{% if valid_until %}Einlösen können Sie die Prämie bis {{ valid_until }}.{% else %}"
            "Lösen Sie die Prämie ein, wann Sie möchten.{% endif %}",
        ),
        short="{{ reward }} gehört Ihnen{% if code %}, mit dem Code {{ code }}{% endif %}"
        "{% if valid_until %}, bis {{ valid_until }}{% endif %}.",
        till="{{ reward }} gehört Ihnen{% if valid_until %}, bis {{ valid_until }}{% endif %}.",
        button="Meine Prämie ansehen",
    ),
    "order_moved": Words(
        title="{% if stage == 'shipped' %}Unterwegs: {{ reward }}"
        "{% elif stage == 'delivered' %}Zugestellt: {{ reward }}"
        "{% elif stage == 'ordered' %}Ihre Bestellung: {{ reward }}"
        "{% else %}Ihre Bestellung wurde beendet: {{ reward }}"
        "{% endif %}",
        figure="{{ reward }}",
        caption="{% if stage == 'shipped' %}ist zu Ihnen unterwegs"
        "{% elif stage == 'delivered' %}ist angekommen"
        "{% elif stage == 'ordered' %}wird vorbereitet"
        "{% else %}kommt doch nicht"
        "{% endif %}",
        body=(
            "{% if stage == 'shipped' %}Wir haben {{ reward }}"
            "{% if quantity > 1 %} ({{ quantity }} Stück)"
            "{% endif %} abgeschickt; die Sendung ist bald bei Ihnen."
            "{% elif stage == 'delivered' %}{{ reward }} wurde zugestellt. Viel Freude damit!"
            "{% elif stage == 'ordered' %}Vielen Dank, Ihre Bestellung von {{ reward }}"
            "{% if quantity > 1 %} ({{ quantity }} Stück)"
            "{% endif %} ist bei uns angekommen."
            "{% else %}Aus Ihrer Bestellung von {{ reward }} wurde nichts."
            "{% endif %}",
            "{% if stage == 'shipped' %}Ist sie in einer Woche nicht da, sagen Sie uns bitte Bescheid."
            "{% elif stage == 'delivered' %}Stimmt etwas nicht, sagen Sie uns bitte Bescheid."
            "{% elif stage == 'ordered' %}Wir schreiben Ihnen, sobald sie unterwegs ist."
            "{% else %}Was Sie an Punkten zurückbekommen, steht auf Ihrem Konto."
            "{% endif %}",
        ),
        short="{% if stage == 'shipped' %}{{ reward }} ist zu Ihnen unterwegs."
        "{% elif stage == 'delivered' %}{{ reward }} wurde zugestellt."
        "{% elif stage == 'ordered' %}Danke für Ihre Bestellung: {{ reward }}."
        "{% else %}Ihre Bestellung von {{ reward }} wurde beendet."
        "{% endif %}",
        till="{% if stage == 'shipped' %}{{ reward }} ist zu Ihnen unterwegs."
        "{% elif stage == 'delivered' %}{{ reward }} wurde zugestellt."
        "{% elif stage == 'ordered' %}Danke für Ihre Bestellung: {{ reward }}."
        "{% else %}Ihre Bestellung von {{ reward }} wurde beendet."
        "{% endif %}",
        button="Meine Bestellungen",
    ),
    "reward_in_reach": Words(
        title="Jetzt in Reichweite: {{ reward }}",
        figure="{{ reward }}",
        caption="Ihre Punkte reichen dafür",
        body=(
            "Sie haben sich {{ reward }} gewünscht, und jetzt reichen Ihre Punkte dafür.",
            "Sie haben [balance]. Greifen Sie zu, solange es noch etwas gibt.",
        ),
        short="Ihre Punkte reichen für Ihren Wunsch: {{ reward }}.",
        till="Ihre Punkte reichen für {{ reward }}.",
        button="Einlösen",
    ),
    "tier_reached": Words(
        title="Willkommen bei {{ new_tier }}",
        figure="{{ new_tier }}",
        caption="{% if until %}gilt bis {{ until }}{% else %}Ihre neue Stufe{% endif %}",
        body=(
            "Herzlichen Glückwunsch, Sie haben {{ new_tier }} erreicht{% if until %}; die Stufe gilt bis "
            "{{ until }}{% endif %}.",
            "{% if benefits %}Das bringt sie Ihnen: {{ benefits|all_of }}.{% else %}"
            "Danke, dass Sie bei uns sind.{% endif %}",
        ),
        short="Herzlichen Glückwunsch, Sie haben {{ new_tier }} erreicht{% if until %}, gültig bis {{ until }}"
        "{% endif %}.",
        till="Herzlichen Glückwunsch, Sie haben {{ new_tier }} erreicht!",
        button="Meine Vorteile ansehen",
    ),
    "tier_about_to_drop": Words(
        title="{{ current_tier }} über den {{ last_day|day_of_year }} hinaus behalten",
        figure="{% if missing_points %}{{ missing_points }}{% elif missing_money %}{{ missing_money }}"
        "{% else %}{{ current_tier }}{% endif %}",
        caption="{% if missing_points %}Statuspunkte fehlen noch{% elif missing_money %}Einkauf fehlen noch"
        "{% else %}gilt bis {{ last_day }}{% endif %}",
        body=(
            "{{ current_tier }} gilt für Sie bis {{ last_day }}.",
            "{% if missing_points %}Sammeln Sie bis dahin "
            "{{ missing_points|plural(one='noch {n} Statuspunkt', other='noch {n} Statuspunkte') }}, und "
            "Sie behalten die Stufe."
            "{% elif missing_money %}Kaufen Sie bis dahin noch für {{ missing_money }} ein, und Sie "
            "behalten die Stufe."
            "{% endif %}{% if lower_tier %} Sonst folgt {{ lower_tier }}.{% endif %}",
        ),
        short="{{ current_tier }} gilt für Sie bis {{ last_day }}."
        "{% if missing_points %} Zum Behalten "
        "{{ missing_points|plural(one='fehlt {n} Statuspunkt', other='fehlen {n} Statuspunkte') }}."
        "{% elif missing_money %} Zum Behalten fehlen Einkäufe für {{ missing_money }}.{% endif %}",
        till="{{ current_tier }} gilt für Sie bis {{ last_day }}.",
        button="Stufe behalten",
    ),
    "welcome": Words(
        title="Willkommen bei {{ programme }}",
        figure="{% if balance %}{{ balance }}{% else %}Willkommen{% endif %}",
        caption="{% if balance %}Punkte zum Anfang{% else %}bei {{ programme }}{% endif %}",
        body=(
            "Schön, dass Sie dabei sind. Ab jetzt bringen Ihre Einkäufe Punkte, und Punkte bringen Prämien.",
            "{% if balance %}Zum Anfang haben Sie schon [balance]. {% endif %}"
            "Zeigen Sie beim Bezahlen einfach Ihre Karte.",
        ),
        short="Willkommen bei {{ programme }}! Zeigen Sie beim Bezahlen Ihre Karte, und Ihre Einkäufe bringen Punkte.",
        till="Willkommen bei {{ programme }}!",
        button="{{ programme }} entdecken",
        offers=_REWARDS,
    ),
    "answer_waits": Words(
        title="Eine Antwort wartet auf Sie",
        body=(
            "Wir haben Ihnen im Chat von {{ programme }} geschrieben.",
            "Dort können Sie es lesen und gleich zurückschreiben.",
        ),
        short="Wir haben Ihnen im Chat von {{ programme }} geschrieben. Dort können Sie es lesen.",
        till="Im Chat wartet eine Antwort auf Sie.",
        button="Antwort lesen",
    ),
    "invitation": Words(
        title="{% if inviter %}{{ inviter }} lädt Sie zu {{ programme }} ein"
        "{% else %}Sie sind zu {{ programme }} eingeladen{% endif %}",
        body=(
            "{% if inviter %}{{ inviter }}{% else %}Eine Freundin oder ein Freund{% endif %} ist Mitglied von "
            "{{ programme }} und meint, es könnte auch Ihnen gefallen.",
            "Dürfen wir Ihnen mehr erzählen? Sind Sie einverstanden, zeigt Ihnen der Knopf, wie es geht. Tun Sie "
            "nichts, oder sagen Sie nein, hören Sie nicht wieder von uns.",
        ),
        short="{% if inviter %}{{ inviter }} lädt Sie zu {{ programme }} ein.{% else %}Sie sind zu {{ programme }} "
        "eingeladen.{% endif %} Tun Sie nichts, hören Sie nicht wieder von uns.",
        till="Sie sind zu {{ programme }} eingeladen.",
        button="Ja, erzählen Sie mehr, oder nein",
        why="Dies ist die einzige Nachricht: Ihre Adresse bekamen wir nur dafür, und sie wird nicht aufbewahrt.",
    ),
    "confirmation": Words(
        title="Bitte bestätigen: Darf {{ programme }} Ihnen schreiben?",
        body=(
            "Jemand gab diese Adresse bei {{ programme }} ein und stimmte dem zu:",
            "{{ consent }}",
            "Waren Sie das, so sagen Sie es mit dem Knopf, bis {{ last_day }}. Waren Sie es nicht, ist nichts zu tun: "
            "Ohne Ihr Wort bekommen Sie keine solche Mail.",
        ),
        short="Darf {{ programme }} Ihnen schreiben? Bestätigen Sie es bis {{ last_day }}, oder tun Sie nichts.",
        till="Bitte bestätigen Sie per Mail, dass {{ programme }} Ihnen schreiben darf.",
        button="Ansehen und bestätigen",
        why="Sie bekommen diese Nachricht, weil Ihre Adresse auf einer Seite von {{ programme }} eingegeben wurde.",
    ),
    "birthday": Words(
        title="Alles Gute zum Geburtstag{% if given_name %}, {{ given_name }}{% endif %}!",
        figure="{% if points %}+{{ points }}{% elif reward %}{{ reward }}{% else %}Alles Gute!{% endif %}",
        caption="{% if points or reward %}unser Geschenk für Sie{% else %}von uns allen{% endif %}",
        body=(
            "Wir alle wünschen Ihnen von Herzen alles Gute zum Geburtstag.",
            "{% if points %}Unser Geschenk für Sie: [points].{% elif reward %}Unser Geschenk für Sie: {{ reward }}."
            "{% endif %}{% if valid_until %} Einlösen können Sie es bis {{ valid_until }}.{% endif %}",
        ),
        short="Alles Gute zum Geburtstag von uns allen!"
        "{% if points %} Unser Geschenk: [points].{% elif reward %} Unser Geschenk: {{ reward }}.{% endif %}",
        till="Alles Gute zum Geburtstag{% if given_name %}, {{ given_name }}{% endif %}!",
        button="Mein Geschenk ansehen",
    ),
    "redemption_done": Words(
        title="{% if reward %}{{ reward }}: vielen Dank{% else %}Sie haben [points] eingelöst{% endif %}",
        body=(
            "Sie haben [points] eingelöst{% if reward %}: {{ reward }}{% elif value %}, für {{ value }}{% endif %}."
            " Es bleiben Ihnen [balance].",
            "{% if number %}Die Nummer dieser Einlösung ist {{ number }}.{% endif %}",
            "Waren Sie das nicht? Dann sagen Sie uns bitte gleich Bescheid.",
        ),
        short="Sie haben [points] eingelöst{% if reward %}: {{ reward }}{% endif %}. Es bleiben [balance].",
        till="[points] eingelöst. Es bleiben [balance].",
        button="Meine Punkte ansehen",
    ),
    "inactivity": Words(
        title="{% if given_name %}{{ given_name }}, Sie{% else %}Sie{% endif %} fehlen uns",
        figure="{% if points %}+{{ points }}{% else %}{{ balance }}{% endif %}",
        caption="{% if points %}Punkte mit Ihrem nächsten Einkauf{% else %}Punkte warten auf Sie{% endif %}",
        body=(
            "Es ist eine Weile her, dass wir Sie gesehen haben, und wir würden uns freuen, wenn Sie wiederkommen.",
            "{% if points %}Ihr nächster Einkauf bringt Ihnen zusätzlich [points]. {% endif %}"
            "Zum Einlösen haben Sie [balance].",
        ),
        short="Sie fehlen uns! "
        "{% if points %}Ihr nächster Einkauf bringt zusätzlich [points].{% else %}Zum Einlösen haben Sie [balance]."
        "{% endif %}",
        till="Schön, Sie wiederzusehen! Sie haben [balance].",
        button="Jetzt ansehen",
        offers=_OFFERS,
    ),
    "results": Words(
        title="{{ programme }}: {{ issued }} vergeben, {{ redeemed }} eingelöst",
        figure="{{ issued }}",
        caption="{{ wallet }} vergeben, "
        "{% if first_day < last_day %}{{ first_day|day_of_year }} bis {% endif %}{{ last_day }}",
        body=(
            "Eingelöst: {{ redeemed }}. Verfallen: {{ lapsed }}. Jetzt offen: {{ outstanding }}.",
            "Neue Mitglieder: {{ joined }}.",
            "Nachrichten gesendet: {{ sent }}, geöffnet: {{ opened }}, angeklickt: {{ clicked }}, zurückgehalten: "
            "{{ held_back }}.",
        ),
        short="{{ programme }}: {{ issued }} vergeben, {{ redeemed }} eingelöst, {{ lapsed }} verfallen; "
        "{{ sent }} Nachrichten.",
        till="{{ issued }} vergeben, {{ redeemed }} eingelöst.",
        button="Zur Konsole",
        offers={"wallets": "Andere Konten, mit dem, was vergeben wurde"},
        why="Sie erhalten diese Nachricht, weil jemand Ihre Adresse für Zahlen von {{ programme }} eingetragen hat.",
    ),
    "campaign": Words(
        title="{{ headline }}",
        body=("{{ message }}",),
        short="{{ message }}",
        till="{{ headline }}",
        button="{% if button %}{{ button }}{% else %}Jetzt ansehen{% endif %}",
        offers=_OFFERS,
    ),
}
