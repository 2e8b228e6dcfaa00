import shutil

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.cli.conftest import settings
from pdf_extraction_tests.samples import write_law, write_pdf

PRICES = {"price_per_million_input_tokens": 1.0, "price_per_million_output_tokens": 3.0}


def figures(result, name):
    """Numbers of a document's line: pages, blank, cached, to ask, input, output, USD."""
    (line,) = (line for line in result.stdout.splitlines() if line.split()[:1] == [name])
    return [float(cell.replace(",", "")) for cell in line.split()[1:]]


def test_an_estimate_asks_nothing_and_leaves_nothing(invoke, tmp_path):
    """Pages, tokens and money of the first backend; no call, no file."""
    write_law(tmp_path / "lei.pdf", 3)
    write_pdf(tmp_path / "outra.pdf", ["Art. 1º Fica criado o fundo.", ""])
    with FakeServer() as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url, **PRICES))
        result = invoke("estimate", ".")
        assert server.stats()["requests"] == 0
    assert result.exit_code == 0, result.output
    assert figures(result, "lei")[:4] == [3, 0, 0, 3]
    assert figures(result, "outra")[:4] == [2, 1, 0, 1]
    total = figures(result, "total")
    assert total[:4] == [5, 1, 0, 4]
    assert total[4] > 1000
    assert total[6] == round((total[4] + 3 * total[5]) / 1e6, 4)
    assert not (tmp_path / "data").exists()


def test_answered_pages_are_cached_also_under_another_name(invoke, tmp_path):
    """After a run nothing is left to ask, for the same file and for a copy of it."""
    write_law(tmp_path / "lei.pdf", 2)
    with FakeServer() as server:
        (tmp_path / "pdf_extraction.toml").write_text(settings(server.base_url, **PRICES))
        assert invoke("run", "lei.pdf").exit_code == 0
        shutil.copy(tmp_path / "lei.pdf", tmp_path / "copia.pdf")
        before = server.stats()["requests"]
        result = invoke("estimate", "lei.pdf", "copia.pdf")
        assert server.stats()["requests"] == before == 2
    assert figures(result, "lei") == [2, 0, 2, 0, 0, 0, 0]
    assert figures(result, "copia") == [2, 0, 2, 0, 0, 0, 0]
    assert invoke("status").stdout.count("waiting") == 0


def test_pages_that_a_fallback_answered_are_not_estimated_once_more(invoke, tmp_path):
    """A run leaves them as they are, and those of a copy it takes from the cache."""
    write_law(tmp_path / "lei.pdf", 2)
    with FakeServer(faults="refusal=1") as first, FakeServer() as second:
        behind = settings(second.base_url).partition("[backends.fake]")[2]
        chain = settings(first.base_url, **PRICES).replace('["fake"]', '["fake", "behind"]')
        (tmp_path / "pdf_extraction.toml").write_text(f"{chain}\n[backends.behind]{behind}")
        assert invoke("run", "lei.pdf").exit_code == 0
        shutil.copy(tmp_path / "lei.pdf", tmp_path / "copia.pdf")
        paid = first.stats()["requests"] + second.stats()["requests"]
        result = invoke("estimate", "lei.pdf", "copia.pdf")
        assert invoke("run", "lei.pdf", "copia.pdf").exit_code == 0
        assert first.stats()["requests"] + second.stats()["requests"] == paid
    assert figures(result, "lei") == [2, 0, 2, 0, 0, 0, 0]
    assert figures(result, "copia") == [2, 0, 2, 0, 0, 0, 0]


def test_the_embedded_backend_costs_nothing(invoke, tmp_path):
    """No settings, no server: no tokens and no money, and it is said."""
    write_law(tmp_path / "lei.pdf", 2)
    result = invoke("estimate", "lei.pdf")
    assert figures(result, "lei") == [2, 0, 0, 2, 0, 0, 0]
    assert "no calls, no tokens, no money" in result.stdout


def test_a_file_that_cannot_be_read_is_said(invoke, tmp_path):
    """The others are estimated; exit status 1."""
    write_law(tmp_path / "lei.pdf", 1)
    (tmp_path / "quebrado.pdf").write_bytes(b"nothing")
    result = invoke("estimate", ".")
    assert result.exit_code == 1
    assert "quebrado: UnreadableDocument: " in result.stdout
    assert figures(result, "lei")[0] == 1


def test_a_sidecar_that_a_shell_names_is_no_document(invoke, tmp_path):
    """`folder/*` names the JSON beside a document too; it goes with the document."""
    write_law(tmp_path / "lei.pdf", 1)
    (tmp_path / "lei.json").write_text("{}")
    result = invoke("estimate", "lei.json", "lei.pdf")
    assert result.exit_code == 0
    assert "total" not in result.stdout


def test_a_cap_that_would_stop_the_run_is_said(invoke, tmp_path):
    """[budget] max_cost_usd below the estimate is a remark, as is a price of nothing."""
    write_law(tmp_path / "lei.pdf", 1)
    text = settings("http://127.0.0.1:9/v1", **PRICES)
    config = tmp_path / "pdf_extraction.toml"
    config.write_text(f"{text}[budget]\nmax_cost_usd = 0.0001\n")
    assert "max_cost_usd = 0.0001 would stop" in invoke("estimate", "lei.pdf").stdout
    config.write_text(settings("http://127.0.0.1:9/v1"))
    assert "No price is set" in invoke("estimate", "lei.pdf").stdout


def test_an_estimate_is_for_what_run_would_be_told(invoke, tmp_path):
    """`--profile` and `--backend` are those of `run`, and refused in its words."""
    write_law(tmp_path / "lei.pdf", 2)
    config = settings("http://127.0.0.1:9/v1", **PRICES)
    (tmp_path / "pdf_extraction.toml").write_text(config)
    whole = invoke("estimate", "lei.pdf")
    other = invoke("estimate", "lei.pdf", "--profile", "markdown")
    assert figures(whole, "lei")[4] != figures(other, "lei")[4]
    assert figures(invoke("estimate", "lei.pdf", "--backend", "embedded"), "lei")[6] == 0
    wrong = invoke("estimate", "lei.pdf", "--profile", "markdwn")
    assert wrong.exit_code == 2
    assert "'markdown'" in wrong.output
