"""`slicer.i18n` without Qt: every text stays in the language that it is written in."""


def translate(context: str, text: str) -> str:
    del context
    return text


def tr(text: str) -> str:
    return text
