"""What may be wrong with a template, beside what may be wrong with any request."""

from __future__ import annotations

from services.gateway.door.problem_kind import kind_of

TEMPLATES = (
    kind_of(
        "template-invalid",
        422,
        "The template is not valid",
        "Each error names the part and its line, such as `/text:3`, and why. Nothing was published.",
    ),
    kind_of(
        "template-unknown",
        404,
        "No such template",
        "Nothing is published here, or no version has this number. `GET /v1/templates` lists what there is.",
    ),
    kind_of(
        "archive-invalid",
        422,
        "The archive is not valid",
        "It is a ZIP file of one HTML or MJML page, its PNG, JPEG, GIF or WebP images and perhaps a text. Each error "
        "names the file and why.",
    ),
)
