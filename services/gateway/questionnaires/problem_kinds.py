"""What may be wrong with questionnaires and answers to them, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

QUESTIONNAIRES = (
    kind_of("questionnaire-unknown", 404, "No such questionnaire", "No questionnaire of the programme has this name."),
    kind_of(
        "questionnaire-undeclared",
        422,
        "The programme does not declare what is asked",
        "Answers set attributes that the programme's `attributes` declare: texts for `one` and `text`, whole numbers "
        "for `number` and `date`, true or false for `several` and `yes_no`.",
    ),
    kind_of(
        "questionnaire-closed",
        409,
        "The questionnaire is not asked now",
        "Now lies outside its time, or the programme in force declares its attributes no more.",
    ),
    kind_of(
        "questionnaire-filled",
        409,
        "The member has filled it in",
        "It is filled in once, or again after `again_after_days`.",
    ),
    kind_of(
        "profiling-not-agreed",
        409,
        "The member did not agree to a profile",
        "Answers become part of the member's profile: that takes a consent to `profiling`, on any channel.",
    ),
    kind_of("answers-invalid", 422, "The answers can't be taken", "The errors name each question and what is wrong."),
)
