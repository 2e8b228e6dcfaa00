"""Makes the sample documents of this folder, their sidecars and their gold.

    python data/samples/make_samples.py [--out DIR]

Two runs give the same bytes: seeds, dates and file ids are fixed. Other versions of
PyMuPDF (compression) or Pillow (JPEG of the scan) may give other bytes of the same
look; the committed files were made with PyMuPDF 2.0 and Pillow 13.0.

All names, places, companies and acts are invented. Each document is described once
(`making/acts`), and both its PDF and its gold come from that description; what was
made is read back and checked before the script ends. No document is described here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from making.acts.decreto_45 import DECRETO_45
from making.acts.decreto_112 import DECRETO_112
from making.acts.diario_oficial import DIARIO_OFICIAL
from making.acts.lei_77 import LEI_77
from making.acts.portaria_31 import PORTARIA_31
from making.canvas import save, to_bytes
from making.gold import gold_rows, to_jsonl
from making.invoice import INVOICE, invoice_gold, invoice_page
from making.report import RELATORIO
from making.scan import scanned
from making.typesetter import Document, typeset
from making.verify import verify, verify_unreadable

ACTS = (DECRETO_112, DIARIO_OFICIAL, LEI_77, DECRETO_45)
BROKEN = "arquivo-quebrado"
# Enough for a header and half an object, too little for any page to be rebuilt.
BROKEN_BYTES = 180

SIDECARS: dict[str, dict[str, Any]] = {
    LEI_77.name: {
        "document_id": "brejo-alto-lc-77-2023",
        "tipo_documento": "lei complementar",
        "numero": "77",
        "ano": 2023,
        "titulo": "Institui a contribuição para o custeio da coleta de resíduos",
        "municipio": "Brejo Alto",
    },
    DECRETO_112.name: {
        "document_id": "brejo-alto-decreto-112-2024",
        "tipo_documento": "decreto",
        "numero": "112",
        "ano": 2024,
        "titulo": "Regulamenta o Programa Municipal de Hortas Comunitárias",
        "municipio": "Brejo Alto",
    },
}


def main() -> None:
    """Make everything into the folder asked for."""
    parser = argparse.ArgumentParser(description="Makes the sample documents.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out: Path = parser.parse_args().out
    (out / "gold").mkdir(parents=True, exist_ok=True)
    for document in ACTS:
        make_act(document, out)
    make_scan(PORTARIA_31, out)
    make_report(RELATORIO, out)
    make_invoice(out)
    make_broken(out)
    make_sidecars(out)


def make_act(document: Document, out: Path) -> None:
    """Write one act and its gold, both checked against each other."""
    printed = typeset(document)
    rows = gold_rows(document, printed)
    verify(document, printed.pdf, rows)
    (out / f"{document.name}.pdf").write_bytes(to_bytes(printed.pdf))
    write_text(out / "gold" / f"{document.name}.devices.jsonl", to_jsonl(rows))


def make_scan(document: Document, out: Path) -> None:
    """Write an act as a scan; its gold is checked on the pages before they were scanned."""
    printed = typeset(document)
    rows = gold_rows(document, printed, boxes=False)
    verify(document, printed.pdf, rows)
    scan = scanned(printed.pdf, document.title)
    (out / f"{document.name}.pdf").write_bytes(to_bytes(scan))
    write_text(out / "gold" / f"{document.name}.devices.jsonl", to_jsonl(rows))


def make_report(document: Document, out: Path) -> None:
    """Write a document that has no devices and so no gold."""
    printed = typeset(document)
    verify(document, printed.pdf, [])
    (out / f"{document.name}.pdf").write_bytes(to_bytes(printed.pdf))


def make_invoice(out: Path) -> None:
    """Write the invoice and the record it prints."""
    name = f"nota-fiscal-{INVOICE.number}"
    title = f"Nota fiscal nº {INVOICE.number}"
    save([invoice_page(INVOICE)], title, INVOICE.issuer, out / f"{name}.pdf")
    write_text(out / "gold" / f"{name}.json", invoice_gold(INVOICE))


def make_broken(out: Path) -> None:
    """Write the start of a sound file only, as a download that broke off leaves it."""
    whole = (out / f"{DECRETO_45.name}.pdf").read_bytes()
    path = out / f"{BROKEN}.pdf"
    path.write_bytes(whole[:BROKEN_BYTES])
    verify_unreadable(path)


def make_sidecars(out: Path) -> None:
    """Write the metadata that travel beside a document."""
    for name, metadata in SIDECARS.items():
        text = json.dumps(metadata, ensure_ascii=False, indent=2)
        write_text(out / f"{name}.json", text + "\n")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with LF on every system: the files are committed."""
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
