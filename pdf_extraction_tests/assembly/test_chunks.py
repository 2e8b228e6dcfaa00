from pathlib import Path

import pytest

from pdf_extraction.assembly.canonical import canonical_hash
from pdf_extraction.assembly.chunks import ANCESTOR_LIMIT, RETRIEVAL_LIMIT, build_chunks
from pdf_extraction.model import Document
from pdf_extraction.storage.checked import to_table

TEXT = "".join(f"linha {n}\n" for n in range(400))


def document(**metadata):
    return Document("lei-1", "lei-1", Path("lei-1.pdf"), "0" * 64, 1, metadata)


class Devices(list):
    """Rows of ``devices``, written as the tree that they are."""

    def add(self, device_id, kind, identifier, text, parent=None, **columns):
        path = [*(parent["path"] if parent else ()), identifier]
        page = columns.pop("page", 1)
        box = [0.1, 0.1 + 0.01 * len(self), 0.9, 0.12 + 0.01 * len(self)]
        row = {
            "document_id": "lei-1",
            "device_id": device_id,
            "device_type": kind,
            "identifier": identifier,
            "label": identifier if kind in {"artigo", "paragrafo"} else f"{identifier} -",
            "text": text,
            "source_text": text,
            "canonical_spans": [{"start": 10 * len(self), "end": 10 * len(self) + 9}],
            "parent_id": parent and parent["device_id"],
            "parent_identifier": parent and parent["identifier"],
            "path": path,
            "section_path": ["TÍTULO I", "CAPÍTULO II"],
            "position": len(self),
            "context": "corpo",
            "context_name": None,
            "status": "vigente",
            "page_number": page,
            "page_end": page,
            "bbox": box,
            "bbox_spans": [{"page_number": page, "bbox": box}],
            "confidence": 0.9,
            **columns,
        }
        self.append(row)
        return row


@pytest.fixture
def devices():
    rows = Devices()
    art = rows.add("art5", "artigo", "Art. 5º", "O edital conterá:")
    rows.add("art5_cpt_inc1", "inciso", "I", "o objeto, na forma do art. 3º;", art)
    rows.add("art5_cpt_inc2", "inciso", "II", "o prazo antigo;", art, status="riscado")
    par = rows.add("art5_par1u", "paragrafo", "Parágrafo único", "O prazo:", art, page=2)
    rows.add("art5_par1u_inc1", "inciso", "I", "será o deste artigo.", par, confidence=0.4, page=2)
    return rows


META = {"tipo_documento": "Lei", "numero": "14.133", "ano": 2021, "titulo": "Licitações"}


def by_id(rows):
    return {row["chunk_id"]: row for row in rows}


def test_rows_have_every_column_of_the_table(devices):
    """What is built is what the table's schema takes."""
    rows = build_chunks(document(**META), devices, TEXT)
    assert to_table("chunks", rows).num_rows == len(rows) == 6


def test_each_article_and_each_device_has_a_chunk_with_an_id_of_its_own(devices):
    """The article's whole text and its caput alone are two chunks."""
    rows = build_chunks(document(), devices, TEXT)
    assert [(row["chunk_id"], row["chunk_level"]) for row in rows] == [
        ("lei-1#art5", "article"),
        ("lei-1#art5_cpt", "device"),
        ("lei-1#art5_cpt_inc1", "device"),
        ("lei-1#art5_cpt_inc2", "device"),
        ("lei-1#art5_par1u", "device"),
        ("lei-1#art5_par1u_inc1", "device"),
    ]
    assert [row["parent_node_id"] for row in rows] == [
        None, "art5", "art5", "art5", "art5", "art5_par1u",
    ]  # fmt: skip


def test_an_article_chunk_holds_its_devices_as_printed_without_struck_ones(devices):
    """Labels and texts in document order; old wordings stay out."""
    article = build_chunks(document(), devices, TEXT)[0]
    assert article["text"] == (
        "Art. 5º O edital conterá:\nI - o objeto, na forma do art. 3º;\n"
        "Parágrafo único O prazo:\nI - será o deste artigo."
    )
    assert article["citations"] == ["Art. 3º"]
    assert article["confidence"] == 0.4
    assert article["is_cross_page"]
    assert (article["canonical_start"], article["canonical_end"]) == (0, 49)
    assert article["canonical_hash"] == canonical_hash(TEXT)
    assert [span["page_number"] for span in article["bbox_spans"]] == [1, 2]
    assert article["bbox"] == pytest.approx([0.1, 0.1, 0.9, 0.13])


def test_retrieval_text_says_what_a_reader_of_the_device_alone_must_know(devices):
    """Act, headings, ancestors from the article down, the device, and what is below it."""
    rows = by_id(build_chunks(document(**META), devices, TEXT))
    assert rows["lei-1#art5_par1u_inc1"]["retrieval_text"].split("\n") == [
        "Lei nº 14.133/2021 - Licitações",
        "TÍTULO I > CAPÍTULO II",
        "Art. 5º O edital conterá:",
        "Parágrafo único O prazo:",
        "I - será o deste artigo.",
    ]
    assert rows["lei-1#art5_par1u"]["retrieval_text"].endswith("I - será o deste artigo.")
    assert rows["lei-1#art5_par1u"]["parent_text"] == "Art. 5º O edital conterá:"
    assert rows["lei-1#art5_par1u"]["text"] == "Parágrafo único O prazo:"


def test_a_struck_device_keeps_a_marked_chunk_of_its_own(devices):
    """An old wording can be looked up, and says what it is."""
    struck = by_id(build_chunks(document(), devices, TEXT))["lei-1#art5_cpt_inc2"]
    assert "Texto riscado (sem vigência)" in struck["retrieval_text"].split("\n")
    assert struck["text"] == "II - o prazo antigo;"


def test_what_the_sidecar_does_not_say_is_null(devices):
    """No act's name is made up."""
    row = build_chunks(document(ano="s/d"), devices, TEXT)[0]
    assert (row["tipo_documento"], row["numero"], row["ano"]) == (None, None, None)
    assert row["retrieval_text"].startswith("TÍTULO I > CAPÍTULO II\nArt. 5º")


def test_the_sidecar_s_values_may_be_of_other_types(devices):
    """Numbers as strings and strings as numbers are both common."""
    row = build_chunks(document(numero=14133, ano="2021", tipo_documento="Lei"), devices, TEXT)[0]
    assert (row["numero"], row["ano"]) == ("14133", 2021)


def test_a_long_article_is_split_between_devices():
    """Parts keep to the limit, tile the article, and each says its caput."""
    rows = Devices()
    art = rows.add("art6", "artigo", "Art. 1.240-A", "Considera-se:")
    for n in range(1, 41):
        rows.add(f"art6_cpt_inc{n}", "inciso", "X", f"definição {n} " + "muito longa " * 12, art)
    parts = [
        row for row in build_chunks(document(**META), rows, TEXT) if row["chunk_level"] == "article"
    ]
    assert len(parts) > 2
    assert [row["chunk_id"] for row in parts] == [f"lei-1#art6/{n}" for n in range(len(parts))]
    assert {row["part_total"] for row in parts} == {len(parts)}
    assert [row["part_index"] for row in parts] == list(range(len(parts)))
    assert all(len(row["retrieval_text"]) <= RETRIEVAL_LIMIT for row in parts)
    assert "\n".join(row["text"] for row in parts).count("definição") == 40
    assert all("Art. 1.240-A Considera-se:" in row["retrieval_text"] for row in parts)
    assert {row["article_number"] for row in parts} == {"1240-A"}
    ends = [row["canonical_end"] for row in parts]
    assert ends == sorted(ends)


def test_one_device_is_never_cut():
    """A single device above the limit is a part of its own; as an ancestor it is clipped."""
    rows = Devices()
    art = rows.add("art1", "artigo", "Art. 1º", "palavra " * 400)
    rows.add("art1_cpt_inc1", "inciso", "I", "fim.", art)
    chunks = by_id(build_chunks(document(), rows, TEXT))
    assert chunks["lei-1#art1/0"]["text"].count("palavra") == 400
    assert chunks["lei-1#art1/1"]["text"] == "I - fim."
    inciso = chunks["lei-1#art1_cpt_inc1"]
    assert ANCESTOR_LIMIT < len(inciso["retrieval_text"]) < ANCESTOR_LIMIT + 80


def test_annexes_and_amendments_are_named():
    """A quoted device is not mistaken for one of this act."""
    rows = Devices()
    rows.add("anx1_art1", "artigo", "Art. 1º", "x", context="anexo", context_name="ANEXO I")
    rows.add("alt1_art9", "artigo", "Art. 9º", "y", context="alteracao", context_name="Lei nº 5")
    rows.add("alt2_art9", "artigo", "Art. 9º", "z", context="alteracao")
    first, _, second, _, third, _ = build_chunks(document(), rows, TEXT)
    assert first["retrieval_text"].split("\n")[1] == "ANEXO I"
    assert second["retrieval_text"].split("\n")[1] == "Alteração: Lei nº 5"
    assert third["retrieval_text"].split("\n")[1] == "Alteração de outro ato"


def test_an_ungrounded_device_has_no_place():
    """Without spans and boxes the chunk's are NULL and empty."""
    rows = Devices()
    rows.add("art1", "artigo", "Art. 1º", "x", canonical_spans=[], bbox=None, bbox_spans=[])
    chunk = build_chunks(document(), rows, TEXT)[0]
    assert (chunk["canonical_start"], chunk["canonical_end"], chunk["bbox"]) == (None, None, None)
    assert chunk["bbox_spans"] == []


def test_no_devices_give_no_chunks():
    """A document without articles."""
    assert build_chunks(document(), [], TEXT) == []
