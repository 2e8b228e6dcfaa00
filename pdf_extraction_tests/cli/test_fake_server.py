import json
import signal
import subprocess
import urllib.request

from pdf_extraction.backends.fake_server import FakeServer
from pdf_extraction_tests.cli.conftest import command, environment


def test_the_server_says_where_it_is_and_what_it_was_asked(tmp_path):
    """It serves in the foreground until Ctrl-C, then tells the calls and ends with status 0."""
    process = subprocess.Popen(
        command("fake-server", "--port", "0", "--faults", "latency=0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    url = process.stdout.readline().split()[-1]
    assert url.startswith("http://127.0.0.1:")
    body = {"model": "scripted", "messages": [{"role": "user", "content": "page_number 1"}]}
    request = urllib.request.Request(
        f"{url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert out == "1 call came.\n"
    assert f'base_url = "{url}"' in errors


def test_wrong_words_of_a_script_are_wrong_usage(invoke):
    """A fault that does not exist, and a port that is taken: a sentence, status 2."""
    result = invoke("fake-server", "--faults", "latncy=1")
    assert result.exit_code == 2
    assert "did you mean 'latency'?" in result.stderr
    with FakeServer() as server:
        taken = invoke("fake-server", "--port", server.port)
    assert taken.exit_code == 2
    assert "choose another" in taken.stderr
