"""Does a text speak to the model that reads it? Rules for prompt injections; pure.

A page's text is data whatever it says: nothing of it decides what is asked or done. The rules
only mark pages for a person to look at. They are tried on texts of Portuguese and English
law, in which none may fire; words alone (``modelo de linguagem``, ``prompt``) are no signs.
"""

from __future__ import annotations

import re
import unicodedata

#: At most so many characters between the parts of a sign.
_NEAR = r"[^.;!?]{0,60}?"
#: Words of which one must be there, and what is then looked for: most pages have none.
_SIGNS = (
    # Ignore what you were told.
    (
        "ignor disregard forget override bypass desconsider despreze esquec descarte",
        r"""\b(?:ignor[ae]|ignorem|ignoring|disregard|forget|override|bypass|desconsider[ae]
        |desconsiderem|despreze|esquec[ae]|esquecam|descarte)\b~\b(?:previous|prior|above
        |earlier|preceding|foregoing|all|any|your|system|anterior(?:es)?|acima|previas?
        |todas? as|todos? os|suas|do sistema|recebid[ao]s)\b~\b(?:instruc(?:tion|ao|oes)s?
        |prompts?|directions|guidelines|comandos?|diretrizes do sistema|system message)\b""",
    ),
    (
        "ignor disregard forget desconsider esquec",
        r"""\b(?:ignor[ae]|disregard|forget|desconsider[ae]|esquec[ae])\b~\b(?:instructions
        |instrucoes|prompts?|comandos)\b~\b(?:previous|prior|above|anteriores|acima|previas
        |recebid[ao]s|do sistema)\b""",
    ),
    (
        "ignor disregard forget esquec desconsider",
        r"""\b(?:ignor[ae]|disregard|forget|esquec[ae]|desconsider[ae])\b (?:all[ ]
        |todas )?(?:the |as )?(?:rules (?:you|above)|regras (?:anteriores|acima|do sistema
        |que recebeu)|everything (?:you|above|before)|tudo (?:o )?que (?:foi dito|voce|leu
        |recebeu))""",
    ),
    # Somebody speaks to the model by its name.
    (
        "attention note instruc atencao aviso message mensagem",
        r"""\b(?:attention|note|instructions?|message|atencao|aviso|nota|instruc(?:ao|oes)
        |mensagem)[,:]? (?:(?:to|for|para|a|ao|o|the|any|all|todos|os) )*(?:ai|ia|llm
        |language model|modelo(?: de linguagem)?|assistant
        |assistente(?: de ia)?)s?\b ?(?:model |system )?[:,!]""",
    ),
    (
        "as~an~ai uma~ia um~modelo",
        r"""\bas an ai(?: language)?(?: model)? you\b|\bcomo (?:uma ia
        |um modelo de linguagem),? voce\b""",
    ),
    # Say what you were told.
    (
        "above",
        r"""\b(?:print|repeat|output|reveal) (?:everything|all|the text|the words|all text)
        ~\babove\b""",
    ),
    (
        "prompt instruc mensagem",
        r"""\b(?:reveal|print|show|repeat|output|disclose|leak|revel[ae]|mostr[ae]|exib[ae]
        |imprim[ae]|repit[ae]|divulgue|transcreva)\b~\b(?:(?:system|your|hidden
        |initial)(?: \w+)? (?:prompt|instructions)|prompt(?: do sistema)?|(?:instrucoes
        |mensagem) (?:do sistema|iniciais|ocultas)|suas instrucoes)\b""",
    ),
    # You are somebody else.
    (
        "you voce tu pretend finja",
        r"""\b(?:you are now|from now on,? you|a partir de agora,? (?:voce|tu)|voce agora e
        |pretend (?:to be|you are)|finja (?:ser|que))\b~\b(?:assistant|ai|model|dan|chatbot
        |assistente|ia|modelo|robo|must|will|only|deve|respond\w+|answer\w*)\b""",
    ),
    # Answer in another shape.
    (
        "output return respon reply answer retorne devolva produza gere escreva",
        r"""\b(?:output|return|respond|reply|answer|retorne|responda|devolva|produza|gere
        |escreva)\b~(?:\{ ?\"devices|\blista vazia\b|\bempty list\b)|\b(?:output|return
        |respond|reply|answer|retorne|responda|devolva|produza|gere|escreva)\b~\b(?:only
        |just|instead|exactly|apenas|somente|so|exatamente|em vez d\w+|no lugar d\w+)\b
        ~(?:\bjson\b|\bschema\b|\besquema\b|\{|\[\]|\bok\b|\bhacked\b|\bthe (?:word|text
        |string)\b|\b(?:a|com a) palavra\b)""",
    ),
    (
        "schema format json esquema",
        r"""\b(?:instead of|em vez d[aeo]|no lugar d[aeo]|another|other|different|outro|novo)
        ~\b(?:json schema|requested (?:schema|format|json)|esquema (?:json|pedido
        |solicitado)|formato (?:json|pedido|solicitado)|output schema)\b""",
    ),
    # Markup of conversations.
    (
        "<| inst] sys>> system assistant developer",
        r"""<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text)\|?>?|\[/?inst\]
        |<</?sys>>|</?(?:system|assistant)(?:[ _-]?(?:prompt|message))?>|(?:^
        |\n)[\s>*#\[(-]*(?:system|developer)(?: (?:prompt|message|override))?[\s\])*]*:""",
    ),
    (
        "instruc prompt",
        r"""(?:^|\n)[\s>*#\[(-]*(?:new|updated|nov[ao]s?) (?:system )?(?:instructions?|prompt
        |instruc(?:ao|oes))(?: d[oe] sistema)?[\s\])*]*:""",
    ),
    (
        "prompt jailbreak",
        r"""\b(?:system prompt|prompt do sistema|prompt injection|jailbreak)\b""",
    ),
)
#: Blanks that are not one space already, which most are.
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
#: Where a pattern goes on in the next line of its source.
_BREAK = re.compile(r"\n +")


def _compiled(words: str, sign: str) -> tuple[list[str], re.Pattern[str]]:
    together = [word.replace("~", " ") for word in words.split()]
    return together, re.compile(_BREAK.sub("", sign).replace("~", _NEAR))


_COMPILED = [_compiled(words, sign) for words, sign in _SIGNS]


def speaks_to_the_model(text: str) -> bool:
    """Whether a text holds what looks like an order to the model.

    Args:
        text: Of a page or an answer; line feeds count, as some signs begin a line.
    """
    folded = _folded(text)
    return any(
        sign.search(folded) is not None
        for words, sign in _COMPILED
        if any(map(folded.__contains__, words))
    )


def _folded(text: str) -> str:
    """Lower case without accents and invisible characters."""
    # Characters without an ASCII form go, zero-width ones put between letters among them.
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = plain.replace("-\n", "")
    if "  " in plain or not plain.replace("\n", "").isprintable():  # a tenth of looking for them
        plain = _BLANKS.sub(" ", plain)
    return plain
