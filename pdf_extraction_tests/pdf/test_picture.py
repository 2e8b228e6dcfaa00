"""Pictures within their limits."""

import io

import numpy as np
import pymupdf
import pytest
from PIL import Image

from pdf_extraction.model import WHOLE_PAGE, View
from pdf_extraction.pdf.picture import MAX_SIDE, MIN_PIXELS, picture_of, render, scale_for
from pdf_extraction.pdf.tasks import PictureOptions
from pdf_extraction_tests.pdf.made import PROSE


def page_with_text(width=595, height=842):
    page = pymupdf.open().new_page(width=width, height=height)
    page.insert_textbox((40, 40, width - 40, height - 40), PROSE * 10, fontsize=9)
    return page


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp"])
def test_a_picture_is_what_its_facts_say(image_format):
    picture = picture_of(page_with_text(), PictureOptions(image_format=image_format))
    image = Image.open(io.BytesIO(picture.data))
    assert image.format.lower() == image_format
    assert image.size == (picture.width, picture.height)
    assert picture.byte_size == len(picture.data)
    assert picture.media_type == f"image/{image_format}"


def test_the_same_page_gives_the_same_bytes():
    first, second = (picture_of(page_with_text(), PictureOptions()) for _ in range(2))
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    ("width", "height"), [(595, 842), (14_400, 14_400), (1e6, 1e6), (3, 14_400), (1, 1)]
)
def test_no_page_size_breaks_the_limits(width, height):
    scale = scale_for(width, height, 300, 2_000_000)
    assert scale <= 300 / 72 + 1e-9
    assert width * height * scale**2 <= 2_000_001
    assert max(width, height) * scale <= MAX_SIDE + 1


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp"])
def test_a_picture_too_large_in_base64_is_sent_smaller(image_format):
    options = PictureOptions(max_image_bytes=60_000, image_format=image_format)
    picture = picture_of(page_with_text(), options)
    assert 4 * ((picture.byte_size + 2) // 3) <= 60_000


@pytest.mark.parametrize("view", [WHOLE_PAGE, View(90), View(0, (0.0, 0.45, 1.0, 1.0))])
def test_pixels_are_given_up_first_and_only_as_far_as_a_page_is_legible(view):
    """A noisy page under a tight limit, whole, turned and in halves: then goes its quality."""
    page = pymupdf.open().new_page()
    noise = np.random.default_rng(1).integers(0, 255, (1200, 900), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "PNG")
    page.insert_image(page.rect, stream=data.getvalue())
    picture = picture_of(page, PictureOptions(max_image_bytes=260_000), view)
    assert 4 * ((picture.byte_size + 2) // 3) <= 260_000
    assert 0.95 * MIN_PIXELS < picture.width * picture.height < 1.1 * MIN_PIXELS


def test_a_page_without_colour_is_encoded_grey():
    picture = picture_of(page_with_text(), PictureOptions())
    assert Image.open(io.BytesIO(picture.data)).mode == "L"


def painted(page):
    page.draw_rect((100, 100, 200, 200), fill=(1, 0, 0))


def written(page):
    page.insert_text((100, 700), "vermelho", color=(1, 0, 0))


def pictured(page):
    red = np.zeros((9, 9, 3), np.uint8)
    red[:, :, 0] = 255
    data = io.BytesIO()
    Image.fromarray(red).save(data, "PNG")
    page.insert_image((100, 100, 200, 200), stream=data.getvalue())


def annotated(page):
    page.add_highlight_annot((100, 100, 200, 200))


@pytest.mark.parametrize("coloured", [painted, written, pictured, annotated])
def test_a_page_with_colour_keeps_it(coloured):
    page = page_with_text()
    coloured(page)
    picture = picture_of(page, PictureOptions())
    assert Image.open(io.BytesIO(picture.data)).mode == "RGB"


def test_a_grey_page_looks_the_same_whether_its_colours_or_its_pixels_said_so():
    """Black ink of four colours, and beside it a coloured picture under white: pixels decide."""
    plain, covered = page_with_text(), page_with_text()
    for page in (plain, covered):
        page.draw_rect((300, 600, 400, 700), fill=(0, 0, 0, 1))
    pictured(covered)
    for page in (plain, covered):
        page.draw_rect((90, 90, 210, 210), color=(1, 1, 1), fill=(1, 1, 1))
    known, looked_at = (
        picture_of(page, PictureOptions(image_format="png")) for page in (plain, covered)
    )
    known, looked_at = (np.asarray(Image.open(io.BytesIO(p.data))) for p in (known, looked_at))
    assert known.shape == looked_at.shape
    assert np.abs(known.astype(int) - looked_at).max() <= 2


def test_rendered_pixels_stay_when_their_page_is_gone():
    pixels = render(page_with_text(), 1.0, grey=True)
    before = pixels.copy()
    for _ in range(5):
        render(page_with_text(), 1.0)
    assert np.array_equal(pixels, before)


def test_a_view_turns_the_page_clockwise_and_shows_a_part_of_it():
    """What stands at the top left stands at the top right of a page turned by 90 degrees."""
    page = pymupdf.open().new_page(width=400, height=200)
    page.draw_rect((0, 0, 100, 50), fill=(0, 0, 0))

    def corners(view):
        picture = picture_of(page, PictureOptions(dpi=72, image_format="png"), view)
        pixels = np.asarray(Image.open(io.BytesIO(picture.data)))
        dark = [bool(pixels[y, x] < 128) for y, x in ((5, 5), (5, -6), (-6, -6), (-6, 5))]
        return (picture.width, picture.height), dark.index(True) if any(dark) else None

    assert corners(WHOLE_PAGE) == ((400, 200), 0)
    assert corners(View(90)) == ((200, 400), 1)
    assert corners(View(180)) == ((400, 200), 2)
    assert corners(View(270)) == ((200, 400), 3)
    assert corners(View(0, (0.0, 0.5, 1.0, 1.0))) == ((400, 100), None)
    assert corners(View(90, (0.5, 0.0, 1.0, 0.5))) == ((100, 200), 1)


def test_a_part_of_a_page_has_all_the_pixels_that_a_page_may_have():
    """Half a page is sent with about as many pixels as the whole, and so is read better."""
    options = PictureOptions(dpi=1200, max_pixels=1_000_000)
    half = picture_of(page_with_text(), options, View(0, (0.0, 0.0, 1.0, 0.55)))
    assert 980_000 < half.width * half.height < 1_020_000
