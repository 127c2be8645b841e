"""The shipped words in English."""

from __future__ import annotations

from collections.abc import Mapping

from libs.messages.shipped.words import Frame, Words

PHRASES: Mapping[str, str] = {
    "points": "{{ points|plural(one='{n} point', other='{n} points') }}",
    "balance": "{{ balance|plural(one='{n} point', other='{n} points') }}",
    "offer": "{{ offer.points|plural(one='{n} point', other='{n} points') }}",
    "in": "{% if days_left > 1 %}in {{ days_left|plural(one='{n} day', other='{n} days') }}"
    "{% elif days_left == 1 %}tomorrow{% else %}today{% endif %}",
}
"""What the words below have in brackets."""

_REWARDS = {"rewards": "Within reach for you"}
_OFFERS = {"rewards": "Within reach for you", "products": "Picked for you"}

FRAME = Frame(
    greeting="{% if given_name %}Hello {{ given_name }},{% else %}Hello,{% endif %}",
    farewell="Warm regards<br />{{ brand }}",
    why="You are receiving this because you are a member of {{ programme }}.",
    preferences="Choose what we write to you about",
    unsubscribe="Unsubscribe",
    logo="{{ brand }}",
)

WORDS: Mapping[str, Words] = {
    "expiry_reminder": Words(
        title="[points] to spend by {{ last_day|day_of_year }}",
        figure="{{ points }}",
        caption="{{ points|plural(one='point', other='points') }} to spend by {{ last_day }}",
        body=(
            "The last day on which you can use [points] of yours is {{ last_day|weekday }}, {{ last_day }}: "
            "[in]. You have [balance] in all.",
            "{% if value %}They are worth {{ value }}. {% endif %}It would be a pity to lose them.",
        ),
        short="[points] can be spent until {{ last_day }}. Treat yourself before then.",
        till="[points] to spend by {{ last_day }}.",
        button="Use my points",
        offers=_REWARDS,
    ),
    "points_expired": Words(
        title="[points] lapsed on {{ last_day|day_of_year }}",
        body=(
            "[points] could be used until {{ last_day }} and lapsed with the end of that day.",
            "You have [balance] now. We will write to you before the next date.",
        ),
        short="[points] lapsed after {{ last_day }}. You have [balance] now.",
        till="[points] lapsed after {{ last_day }}.",
        button="See my points",
    ),
    "points_credited": Words(
        title="[points] for you",
        figure="+{{ points }}",
        caption="{% if reason %}{{ reason }}{% else %}{{ programme }}{% endif %}",
        body=(
            "Thank you! You were credited with [points]{% if reason %} for: {{ reason }}{% endif %}.",
            "{% if active_from %}You can use them from {{ active_from }}.{% else %}You have [balance] now.{% endif %}",
        ),
        short="You were credited with [points]. "
        "{% if active_from %}You can use them from {{ active_from }}.{% else %}"
        "You have [balance] now.{% endif %}",
        till="[points] for you. You have [balance].",
        button="See my points",
        offers=_OFFERS,
    ),
    "reward_granted": Words(
        title="A reward for you: {{ reward }}",
        figure="{% if code %}{{ code }}{% else %}{{ reward }}{% endif %}",
        caption="{% if code %}Show this code at the till or enter it in the shop{% else %}Yours from now on{% endif %}",
        body=(
            "Good news: {{ reward }} is yours.",
            "{% if valid_until %}You can use it until {{ valid_until }}.{% else %}Use it whenever you like.{% endif %}",
        ),
        short="{{ reward }} is yours{% if code %}, with the code {{ code }}{% endif %}"
        "{% if valid_until %}, until {{ valid_until }}{% endif %}.",
        till="{{ reward }} is yours{% if valid_until %} until {{ valid_until }}{% endif %}.",
        button="See my reward",
    ),
    "order_moved": Words(
        title="{% if stage == 'shipped' %}On its way: {{ reward }}"
        "{% elif stage == 'delivered' %}Delivered: {{ reward }}"
        "{% elif stage == 'ordered' %}Your order: {{ reward }}"
        "{% else %}Your order was ended: {{ reward }}"
        "{% endif %}",
        figure="{{ reward }}",
        caption="{% if stage == 'shipped' %}is on its way to you"
        "{% elif stage == 'delivered' %}has arrived"
        "{% elif stage == 'ordered' %}is being prepared"
        "{% else %}does not come after all"
        "{% endif %}",
        body=(
            "{% if stage == 'shipped' %}We have sent off {{ reward }}"
            "{% if quantity > 1 %} ({{ quantity }} pieces)"
            "{% endif %}; it will be with you soon."
            "{% elif stage == 'delivered' %}{{ reward }} has been delivered. Enjoy it!"
            "{% elif stage == 'ordered' %}Thank you, your order of {{ reward }}"
            "{% if quantity > 1 %} ({{ quantity }} pieces)"
            "{% endif %} has reached us."
            "{% else %}Your order of {{ reward }} came to nothing."
            "{% endif %}",
            "{% if stage == 'shipped' %}If it is not there within a week, please tell us."
            "{% elif stage == 'delivered' %}If something is not right, please tell us."
            "{% elif stage == 'ordered' %}We will write to you as soon as it is on its way."
            "{% else %}What comes back to you of its points is in your account."
            "{% endif %}",
        ),
        short="{% if stage == 'shipped' %}{{ reward }} is on its way to you."
        "{% elif stage == 'delivered' %}{{ reward }} has been delivered."
        "{% elif stage == 'ordered' %}Thank you for your order: {{ reward }}."
        "{% else %}Your order of {{ reward }} was ended."
        "{% endif %}",
        till="{% if stage == 'shipped' %}{{ reward }} is on its way to you."
        "{% elif stage == 'delivered' %}{{ reward }} has been delivered."
        "{% elif stage == 'ordered' %}Thank you for your order: {{ reward }}."
        "{% else %}Your order of {{ reward }} was ended."
        "{% endif %}",
        button="See my orders",
    ),
    "reward_in_reach": Words(
        title="Within your reach: {{ reward }}",
        figure="{{ reward }}",
        caption="you have the points for it",
        body=(
            "You wished for {{ reward }}, and your points are enough for it now.",
            "You have [balance]. Take it while there is some left.",
        ),
        short="Your points are enough for your wish: {{ reward }}.",
        till="Your points are enough for {{ reward }}.",
        button="Take it",
    ),
    "tier_reached": Words(
        title="Welcome to {{ new_tier }}",
        figure="{{ new_tier }}",
        caption="{% if until %}yours until {{ until }}{% else %}your new tier{% endif %}",
        body=(
            "Congratulations, you have reached {{ new_tier }}{% if until %}, and it is yours until "
            "{{ until }}{% endif %}.",
            "{% if benefits %}This is what it brings you: {{ benefits|all_of }}.{% else %}"
            "Thank you for being with us.{% endif %}",
        ),
        short="Congratulations, you have reached {{ new_tier }}{% if until %}, yours until {{ until }}{% endif %}.",
        till="Congratulations, you have reached {{ new_tier }}!",
        button="See what it brings me",
    ),
    "tier_about_to_drop": Words(
        title="Keep {{ current_tier }} beyond {{ last_day|day_of_year }}",
        figure="{% if missing_points %}{{ missing_points }}{% elif missing_money %}{{ missing_money }}"
        "{% else %}{{ current_tier }}{% endif %}",
        caption="{% if missing_points %}tier points to go{% elif missing_money %}of purchases to go"
        "{% else %}yours until {{ last_day }}{% endif %}",
        body=(
            "{{ current_tier }} is yours until {{ last_day }}.",
            "{% if missing_points %}Collect "
            "{{ missing_points|plural(one='{n} more tier point', other='{n} more tier points') }} by "
            "then, and you keep it."
            "{% elif missing_money %}Shop for another {{ missing_money }} by then, and you keep it.{% endif %}"
            "{% if lower_tier %} Otherwise {{ lower_tier }} follows.{% endif %}",
        ),
        short="{{ current_tier }} is yours until {{ last_day }}."
        "{% if missing_points %} "
        "{{ missing_points|plural(one='{n} tier point keeps', other='{n} tier points keep') }} it."
        "{% elif missing_money %} Purchases of {{ missing_money }} keep it.{% endif %}",
        till="{{ current_tier }} is yours until {{ last_day }}.",
        button="Keep my tier",
    ),
    "welcome": Words(
        title="Welcome to {{ programme }}",
        figure="{% if balance %}{{ balance }}{% else %}Welcome{% endif %}",
        caption="{% if balance %}points to begin with{% else %}to {{ programme }}{% endif %}",
        body=(
            "It is good to have you with us. From now on your purchases bring you points, and points "
            "bring you rewards.",
            "{% if balance %}To begin with, you have [balance] already. {% endif %}Just show your card when you pay.",
        ),
        short="Welcome to {{ programme }}! Show your card when you pay, and your purchases bring you points.",
        till="Welcome to {{ programme }}!",
        button="Discover {{ programme }}",
        offers=_REWARDS,
    ),
    "answer_waits": Words(
        title="An answer waits for you",
        body=(
            "We have written to you in the chat of {{ programme }}.",
            "You can read it there, and write back at once.",
        ),
        short="We have written to you in the chat of {{ programme }}. You can read it there.",
        till="An answer waits for you in the chat.",
        button="Read the answer",
    ),
    "invitation": Words(
        title="{% if inviter %}{{ inviter }}{% else %}A friend{% endif %} invites you to {{ programme }}",
        body=(
            "{% if inviter %}{{ inviter }}{% else %}A friend of yours{% endif %} is a member of {{ programme }} "
            "and thought that you might like it too.",
            "May we tell you more? If you agree, the button shows you how it works. If you do nothing, or say no, "
            "you will not hear from us again.",
        ),
        short="{% if inviter %}{{ inviter }}{% else %}A friend{% endif %} invites you to {{ programme }}. "
        "Do nothing, and you will not hear from us again.",
        till="You are invited to {{ programme }}.",
        button="Yes, tell me more, or no",
        why="This is the only message: your address was given to us for it and is not kept.",
    ),
    "confirmation": Words(
        title="Please confirm: may {{ programme }} write to you?",
        body=(
            "Somebody entered this address at {{ programme }} and agreed to this:",
            "{{ consent }}",
            "If that was you, say so by the button until {{ last_day }}. If it was not, there is nothing to do: "
            "without your word you get no such mail.",
        ),
        short="May {{ programme }} write to you? Confirm it until {{ last_day }}, or do nothing.",
        till="Please confirm by mail that {{ programme }} may write to you.",
        button="Look at it and confirm",
        why="You get this message because your address was entered on a page of {{ programme }}.",
    ),
    "birthday": Words(
        title="Happy birthday{% if given_name %}, {{ given_name }}{% endif %}!",
        figure="{% if points %}+{{ points }}{% elif reward %}{{ reward }}{% else %}All the best!{% endif %}",
        caption="{% if points or reward %}our present to you{% else %}from all of us{% endif %}",
        body=(
            "All of us wish you a very happy birthday.",
            "{% if points %}[points] are our present to you.{% elif reward %}Our present to you: {{ reward }}."
            "{% endif %}{% if valid_until %} You can use it until {{ valid_until }}.{% endif %}",
        ),
        short="Happy birthday from all of us!"
        "{% if points %} [points] are our present to you.{% elif reward %} Our present to you: {{ reward }}."
        "{% endif %}",
        till="Happy birthday{% if given_name %}, {{ given_name }}{% endif %}!",
        button="See my present",
    ),
    "redemption_done": Words(
        title="{% if reward %}{{ reward }}: thank you{% else %}You have used [points]{% endif %}",
        body=(
            "You have used [points]{% if reward %} for: {{ reward }}{% elif value %} for {{ value }}{% endif %}."
            " You have [balance] left.",
            "{% if number %}The number of this redemption is {{ number }}.{% endif %}",
            "Was it not you? Then please tell us at once.",
        ),
        short="You have used [points]{% if reward %} for: {{ reward }}{% endif %}. [balance] left.",
        till="[points] used. [balance] left.",
        button="See my points",
    ),
    "inactivity": Words(
        title="{% if given_name %}{{ given_name }}, we{% else %}We{% endif %} miss you",
        figure="{% if points %}+{{ points }}{% else %}{{ balance }}{% endif %}",
        caption="{% if points %}points with your next purchase{% else %}points are waiting for you{% endif %}",
        body=(
            "It has been a while since we saw you, and we would be glad to have you back.",
            "{% if points %}Your next purchase brings you [points] more. {% endif %}You have [balance] to spend.",
        ),
        short="We miss you! "
        "{% if points %}Your next purchase brings you [points] more.{% else %}You have [balance] to "
        "spend.{% endif %}",
        till="Good to see you again! You have [balance].",
        button="Have a look",
        offers=_OFFERS,
    ),
    "results": Words(
        title="{{ programme }}: {{ issued }} issued, {{ redeemed }} redeemed",
        figure="{{ issued }}",
        caption="{{ wallet }} issued, "
        "{% if first_day < last_day %}{{ first_day|day_of_year }} to {% endif %}{{ last_day }}",
        body=(
            "Redeemed: {{ redeemed }}. Lapsed: {{ lapsed }}. Outstanding now: {{ outstanding }}.",
            "Members who joined: {{ joined }}.",
            "Messages sent: {{ sent }}, opened: {{ opened }}, clicked: {{ clicked }}, held back: {{ held_back }}.",
        ),
        short="{{ programme }}: {{ issued }} issued, {{ redeemed }} redeemed, {{ lapsed }} lapsed; {{ sent }} sent.",
        till="{{ issued }} issued, {{ redeemed }} redeemed.",
        button="To the console",
        offers={"wallets": "Other wallets, with what was issued"},
        why="You are receiving this because somebody of {{ programme }} entered your address for its figures.",
    ),
    "campaign": Words(
        title="{{ headline }}",
        body=("{{ message }}",),
        short="{{ message }}",
        till="{{ headline }}",
        button="{% if button %}{{ button }}{% else %}Have a look{% endif %}",
        offers=_OFFERS,
    ),
}
