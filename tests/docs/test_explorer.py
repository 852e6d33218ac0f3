"""The explorer of the documentation, opened from its file in a real browser: its numbers are the package's."""

from __future__ import annotations

import itertools
import re
import time
from pathlib import Path

import numpy as np
import pytest
from keras import ops

import continuum_act as ca
from tests.docs.browser import Keys, chromium, mouse, prefer, resize
from tests.functions.derivatives import gradient

PAGE = Path(__file__).parents[2] / "docs" / "explorer" / "index.html"
X = np.linspace(-4, 4, 161)
SIZES = [1e-310, 1e-30, 1e-9, 1e-3, 0.1, 0.3, 0.599, 0.6, 0.9, 0.999, 1 - 1e-9, 1.0, 1 + 1e-9, 1.7, 4.0]
REAL = np.array([0.0, *SIZES, *(-size for size in SIZES)])
ANGLES = [1e-9, 0.3, np.pi / 4, np.pi / 2, 1.6, 2.3, np.pi - 1e-9]
COMPLEX = np.array(
    [
        *REAL,
        *(
            size * np.exp(sign * 1j * angle)
            for size, angle, sign in itertools.product([1e-30, 1e-9, 0.1, 0.6, 1, 4], ANGLES, [1, -1])
        ),
        *(1j, -1j, 12j, 0.2 + 1j, complex(-0.5, -0.0)),
    ]
)


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        started.get(PAGE.as_uri())
        yield started


@pytest.fixture
def page(browser):
    """Return the page as it opens, wide and light; whatever a test does, the console stays empty."""
    resize(browser, 1280, 900)
    prefer(browser, "light")
    follow(browser, "")
    browser.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    yield browser
    assert browser.get_log("browser") == []


def follow(page, fragment):
    """Follow a link to this fragment of the page."""
    page.execute_async_script(
        """const [fragment, done] = arguments;
        const before = location.href;
        addEventListener("hashchange", () => done(), { once: true });
        location.hash = fragment;
        if (location.href === before) dispatchEvent(new Event("hashchange"));""",
        fragment,
    )


def computed(page, expression, *arguments):
    """Return an expression of `arguments` as an array; JSON has neither NaN nor infinity."""
    flat = "const flat = (v) => Array.isArray(v) ? v.map(flat) : Number.isFinite(v) ? v : String(v);"
    return np.array(page.execute_script(f"{flat} return flat({expression})", *arguments), object).astype(float)


def element(page, name):
    return page.find_element("id", name)


def text(page, name):
    return element(page, name).text


def retype(page, name, keys):
    """Type over what a field holds."""
    element(page, name).send_keys(Keys.CONTROL + "a")
    element(page, name).send_keys(keys)


def focused(page):
    return page.switch_to.active_element


def press(page, *keys):
    for key in keys:
        focused(page).send_keys(key)


def table(page, name):
    """Return a table of numbers, without its head and its first column."""
    rows = page.execute_script(
        """const rows = [...document.getElementById(arguments[0]).tBodies[0].rows];
        return rows.map((row) => [...row.cells].map((cell) => cell.textContent))""",
        name,
    )
    return np.array([[float(cell) for cell in row[1:]] for row in rows])


def joined(parts):
    """Return pairs as complex numbers, infinite parts too."""
    return np.ascontiguousarray(parts).view(complex)[..., 0]


def errors(got, exact, slope):
    """Return errors in spacings of the result beyond what one spacing of x does to it; 0 where equal, or both NaN."""
    with np.errstate(invalid="ignore"):
        error = np.abs(got - exact) / (np.spacing(np.abs(exact)) + np.abs(slope) * np.spacing(np.abs(X))[:, None])
    return np.where((got == exact) | (np.isnan(got) & np.isnan(exact)), 0.0, error)


# The package is held to 3 (derivatives: 5; complex: 4, 5), so are the page's formulas.


@pytest.mark.parametrize(("domain", "max_slope"), [("strict", 3.0), ("linear", 3.0), ("linear", 1.5)])
def test_curve_and_slope_are_those_of_the_package(page, domain, max_slope):
    functions = {"strict": ("strict", "strictSlope"), "linear": ("bounded", "boundedSlope")}[domain]
    value, slope = (
        computed(
            page,
            f"arguments[0].map((x) => arguments[1].map((alpha) => Numerics.{name}(x, alpha, arguments[2])))",
            *(X.tolist(), REAL.tolist(), max_slope),
        )
        for name in functions
    )

    def f(x):
        return ca.soft_exponential(x, REAL, domain=domain, max_slope=max_slope)

    x = ops.convert_to_tensor(np.broadcast_to(X[:, None], (len(X), len(REAL))).copy())
    want, want_slope = np.asarray(f(x)), np.asarray(gradient(f)(x)[0])
    assert errors(value, want, want_slope).max() <= 6
    inside = ~np.isnan(want)  # outside, the package's derivative is not that of anything
    bend = np.abs(REAL) * np.where(REAL > 0, want_slope, want_slope**2)
    assert np.where(inside, errors(slope, want_slope, bend), 0).max() <= 10
    assert np.isnan(slope[~inside]).all()


def test_parts_and_their_slopes_are_those_of_the_package(page):
    pairs = [[alpha.real, alpha.imag] for alpha in COMPLEX.tolist()]
    parts, slopes = (
        joined(
            computed(
                page,
                f"arguments[0].map((x) => arguments[1].map((alpha) => Numerics.{name}(x, alpha)))",
                *(X.tolist(), pairs),
            )
        )
        for name in ("complex", "complexSlope")
    )
    x = ops.convert_to_tensor(np.broadcast_to(X[:, None], (len(X), len(COMPLEX))).copy())
    want = joined(np.asarray(ca.complex_soft_exponential(x, COMPLEX)))
    wide = COMPLEX.astype("complex256"), X.astype("float128")[:, None]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        t = (1 - wide[0]) * (1 + wide[0]) - wide[0] * wide[1]
        want_slope = np.where(COMPLEX.real >= 0, np.exp(wide[0] * wide[1]), 1 / t).astype(complex)
    with np.errstate(divide="ignore", over="ignore"):
        border = np.where((COMPLEX.imag == 0) & (COMPLEX.real < 0), 1 / COMPLEX.real - COMPLEX.real, np.inf)
    away = np.abs(X[:, None] - border) > 0.01
    assert away.sum() > 0.99 * away.size
    assert errors(parts, want, want_slope)[away].max() <= 8
    bend = np.abs(COMPLEX) * np.abs(np.where(COMPLEX.real >= 0, want_slope, want_slope**2))
    assert errors(slopes, want_slope, bend)[away].max() <= 10


def test_mean_and_deviation_are_those_of_gain(page):
    alphas = [0.0, 1e-310, 0.3, 1.0, 4.0]
    for alpha, max_slope in itertools.product([*alphas, *(-a for a in alphas)], [1.5, 3.0, None]):
        got = page.execute_script("return Numerics.gain(arguments[0], arguments[1])", alpha, max_slope)
        if max_slope is None and alpha < 0:
            assert got is None
        else:
            domain = {"domain": "strict"} if max_slope is None else {"max_slope": max_slope}
            want = ca.gain(alpha, **domain)
            # 12 digits of the package's, of the mean of a square
            np.testing.assert_allclose(
                [got["mean"], got["deviation"]], want, rtol=1e-10, atol=1e-12, err_msg=f"{alpha} {max_slope}"
            )


def test_mean_and_deviation_of_the_parts_are_those_of_the_function(page):
    # of a function that is smooth next to the axis, sums over even steps converge faster than any power of the step
    x = np.arange(-24, 24, 1 / 64)
    weights = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) / 64
    for alpha in (1e-9j, 0.3 + 0j, 1j, 12j, 0.2 + 1j, 1.5 - 2j, -0.3 + 1j, -1 + 1j, -0.5 - 3j):
        parts = np.asarray(ca.complex_soft_exponential(x, alpha, join="list"))
        mean = parts @ weights
        want = np.stack([mean, np.sqrt((parts - mean[:, None]) ** 2 @ weights)], axis=1)
        parts = page.execute_script("return Numerics.complexGain(arguments[0])", [alpha.real, alpha.imag])
        got = [[part["mean"], part["deviation"]] for part in parts]
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9, err_msg=str(alpha))


@pytest.mark.parametrize(
    ("fragment", "alpha", "config"),
    [
        ("alpha=0.3", 0.3, {"domain": "linear", "max_slope": 3.0}),
        ("alpha=-1&max_slope=2", -1.0, {"domain": "linear", "max_slope": 2.0}),
        ("alpha=1e-7&domain=strict", 1e-7, {"domain": "strict"}),
        ("re=0.2&im=1", 0.2 + 1j, {}),
        ("re=-0.25&im=-1.5", -0.25 - 1.5j, {}),
        ("re=0&im=-2", -2j, {}),
        ("re=-0.5&im=0", -0.5 + 0j, {}),
    ],
)
def test_line_of_code_makes_the_layer_that_the_tables_show(page, fragment, alpha, config):
    follow(page, fragment)
    layer = eval(text(page, "code"), {"ca": ca})
    x = np.arange(-4.0, 5.0)
    if isinstance(alpha, complex):
        assert complex(layer.alpha) == alpha
        columns = np.asarray(ca.complex_soft_exponential(x, layer.alpha))
        gains = None
    else:
        assert layer.alpha == alpha
        assert {name: layer.get_config()[name] for name in config} == config
        columns = np.stack(
            [
                np.asarray(ca.soft_exponential(x, alpha, domain=domain, max_slope=config.get("max_slope", 3.0)))
                for domain in ("linear", "strict")
            ],
            axis=1,
        )
        gains = ca.gain(alpha, max_slope=config.get("max_slope", 3.0))
    np.testing.assert_allclose(table(page, "values")[:, :2], columns, rtol=5e-5, atol=1e-12)
    if gains:
        row = element(page, "gain").text.split("\n")[1].split()
        np.testing.assert_allclose([float(number) for number in row[1:]], gains, rtol=5e-5)


@pytest.mark.parametrize("fragment", ["alpha=-1", "alpha=0.3", "re=0.2&im=1"])
def test_drawn_lines_are_the_functions_on_the_printed_axes(page, fragment):
    follow(page, fragment)
    paths, ticks = page.execute_script(
        """return [
          [...document.querySelectorAll("#curve .curve")].map((path) => path.getAttribute("d")),
          [...document.querySelectorAll("#curve text[text-anchor]")].map(
            (t) => [t.textContent, t.getBBox(), t.getAttribute("text-anchor")]),
        ]"""
    )
    numbers = [(float(label), box, anchor) for label, box, anchor in ticks if label != "x"]
    across = np.array([(box["x"] + box["width"] / 2, label) for label, box, anchor in numbers if anchor == "middle"])
    up = np.array([(box["y"] + box["height"] / 2, label) for label, box, anchor in numbers if anchor == "end"])
    alpha = complex(re.search(r"\((.+)\)", text(page, "code"))[1].replace(" ", ""))
    for k, path in enumerate(paths):
        points = np.array(re.findall(r"[ML]([-.\d]+),([-.\d]+)", path), float)
        x = np.polyval(np.polyfit(*across.T, 1), points[:, 0])
        y = np.polyval(np.polyfit(*up.T, 1), points[:, 1])
        if "re=" in fragment:
            want = np.asarray(ca.complex_soft_exponential(x, alpha, join="list"))[k]
        else:
            want = np.asarray(ca.soft_exponential(x, alpha.real, domain=("linear", "strict")[k]))
        shown = (y > up[:, 1].min()) & (y < up[:, 1].max())
        shown &= (x > 0.05) | (alpha != -1) | (k == 0)  # where the strict curve falls, a pixel of x is many of y
        assert x.min() <= (0.05 if k and alpha == -1 else -3.98)
        assert x.max() >= 3.98
        np.testing.assert_allclose(y[shown], want[shown], atol=0.1)  # 3 pixels


def test_slider_is_dragged(page):
    slider = element(page, "slider")
    before = page.find_element("css selector", "#curve .first").get_attribute("d")
    half = slider.size["width"] / 2
    thumb = round(0.3 / 2 * half)
    mouse(page).move_to_element_with_offset(slider, thumb, 0).click_and_hold().move_by_offset(
        -80, 0
    ).release().perform()
    dragged = float(element(page, "alpha").get_attribute("value"))
    assert dragged == pytest.approx(0.3 - 80 / half * 2, abs=0.08)  # the thumb has a width
    assert text(page, "code") == f"ca.soft_exponential_lambda({dragged})"
    assert page.find_element("css selector", "#curve .first").get_attribute("d") != before
    thumb = round(dragged / 2 * half)
    mouse(page).move_to_element_with_offset(slider, thumb, 0).click_and_hold().move_by_offset(
        300, 40
    ).release().perform()
    assert text(page, "code") == "ca.soft_exponential_lambda(2)"


def test_point_of_the_plane_is_dragged(page):
    page.find_element("css selector", "input[value=complex]").click()
    assert text(page, "code") == "ca.complex_soft_exponential_lambda(0.2 + 1j)"
    point = element(page, "point")
    lines = page.execute_script(
        "return [...document.querySelectorAll('#plane line')].map((l) => l.getBoundingClientRect())"
    )
    right, bottom = (max(line[edge] for line in lines) for edge in ("right", "bottom"))
    left, top = (min(line[edge] for line in lines) for edge in ("left", "top"))

    def drag(re, im):
        """Drag the point to this alpha, by the lines of the plane, and let it go."""
        place = point.rect
        x = left + (re + 2) / 4 * (right - left) - (place["x"] + place["width"] / 2)
        y = bottom - (im + 4) / 8 * (bottom - top) - (place["y"] + place["height"] / 2)
        moves = mouse(page).move_to_element(point).click_and_hold().move_by_offset(round(x / 2), round(y / 2))
        moves.move_by_offset(round(x - round(x / 2)), round(y - round(y / 2))).release().move_by_offset(
            30, 30
        ).perform()
        return complex(*(float(element(page, name).get_attribute("value")) for name in ("re", "im")))

    assert drag(-0.5, -1) == pytest.approx(-0.5 - 1j, abs=0.08)
    assert drag(0, 2) == pytest.approx(2j, abs=0.08)
    assert drag(3, 4.7) == 2 + 4j  # beyond the edge
    assert text(page, "code") == "ca.complex_soft_exponential_lambda(2 + 4j)"
    assert text(page, "title") == "alpha = 2 + 4i"


def test_keyboard_alone_reaches_and_moves_everything(page):
    reached = []
    page.execute_script("document.querySelector('header a').focus()")  # Tab goes on from the last click
    for _ in range(12):
        press(page, Keys.TAB)
        name = focused(page).get_attribute("id") or focused(page).get_attribute("name")
        style = page.execute_script(
            "const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth"
        )
        assert style == "solid3px", name
        reached.append(name)
        if name == "kind":
            continue
        if name == "slider":
            press(page, Keys.ARROW_RIGHT)
            assert text(page, "code") == "ca.soft_exponential_lambda(0.31)"
        elif name == "alpha":
            press(page, Keys.CONTROL + "a", "-0.5", Keys.ARROW_UP)
            assert text(page, "code") == "ca.soft_exponential_lambda(-0.4)"
        elif name == "max-slope":
            press(page, Keys.CONTROL + "a", "2")
            assert text(page, "code") == "ca.soft_exponential_lambda(-0.4, max_slope=2)"
            break
    assert reached == ["kind", "slider", "alpha", "domain", "max-slope"]
    press(page, Keys.SHIFT + Keys.TAB, Keys.ARROW_DOWN)
    assert text(page, "code") == 'ca.soft_exponential_lambda(-0.4, domain="strict")'


def test_point_moves_by_arrow_keys_and_keeps_the_focus(page):
    follow(page, "re=0.2&im=1")
    page.find_element("css selector", "input[name=kind]:checked").send_keys(Keys.TAB)
    assert focused(page).get_attribute("id") == "point"
    assert page.execute_script("return document.activeElement.matches(':focus-visible')")
    press(page, Keys.ARROW_LEFT, Keys.ARROW_UP, Keys.ARROW_UP, Keys.SHIFT + Keys.ARROW_DOWN)
    assert text(page, "code") == "ca.complex_soft_exponential_lambda(0.1 + 1.19j)"
    assert focused(page).get_attribute("aria-valuetext") == "real part 0.1, imaginary part 1.19"
    press(page, *[Keys.ARROW_DOWN] * 12, Keys.ARROW_LEFT)
    assert text(page, "code") == "ca.complex_soft_exponential_lambda(-0.01j)"


def test_typing_takes_what_is_valid_and_says_what_is_not(page):
    alpha = element(page, "alpha")
    retype(page, "alpha", "-1e-7")
    assert text(page, "code") == "ca.soft_exponential_lambda(-1e-7)"
    retype(page, "alpha", "0.05")  # by way of 0.0, which is not rewritten as 0
    assert text(page, "code") == "ca.soft_exponential_lambda(0.05)"
    retype(page, "alpha", "21")
    assert text(page, "problem") == "alpha must be a number from -20 to 20."
    assert alpha.get_attribute("aria-invalid") == "true"
    assert text(page, "code") == "ca.soft_exponential_lambda(2)"  # on the way to 21
    alpha.send_keys(Keys.TAB)
    assert alpha.get_attribute("value") == "2"
    retype(page, "alpha", "1")
    assert text(page, "problem") == ""
    retype(page, "max-slope", "1")
    assert text(page, "problem") == "max_slope must be a number above 1, up to 1000."


def test_link_restores_the_view_and_an_invalid_one_the_default(page):
    follow(page, "re=-0.5&im=2")
    assert text(page, "title") == "alpha = -0.5 + 2i"
    retype(page, "re", "0.25")
    deadline = time.monotonic() + 10
    while not page.current_url.endswith("#re=0.25&im=2") and time.monotonic() < deadline:
        time.sleep(0.02)
    page.refresh()
    assert text(page, "title") == "alpha = 0.25 + 2i"
    follow(page, "alpha=-0.7&domain=strict&max_slope=1.5")
    assert text(page, "code") == 'ca.soft_exponential_lambda(-0.7, domain="strict")'
    assert "max_slope = 1.5" in text(page, "legend")
    for wrong in ("alpha=much", "alpha=1e9&domain=none&max_slope=0", "%", "alpha="):
        follow(page, wrong)
        assert text(page, "code") == "ca.soft_exponential_lambda(0.3)"


def test_copy_puts_the_line_on_the_clipboard(page):
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    page.execute_cdp_cmd("Browser.grantPermissions", permissions)
    element(page, "copy").click()
    copied = page.execute_async_script("navigator.clipboard.readText().then(arguments[0], arguments[0])")
    assert copied == "ca.soft_exponential_lambda(0.3)"
    assert text(page, "copied") == "Copied."


@pytest.mark.parametrize("fragment", ["alpha=-1", "re=-0.25&im=-1.125"])
def test_page_fits_a_phone(page, fragment):
    resize(page, 400, 800)
    follow(page, fragment)
    width, figure = page.execute_script(
        "return [document.documentElement.scrollWidth, document.getElementById('curve').viewBox.baseVal.width]"
    )
    assert width == 400
    assert 300 < figure < 400  # drawn anew, with text of full size
    outside = page.execute_script(
        """return [...document.querySelectorAll("body *")].filter((e) => {
          const { left, right, width } = e.getBoundingClientRect();
          return width && !e.closest("path") && (left < 0 || right > 400);
        }).map((e) => e.outerHTML)"""
    )
    assert outside == []


def luminance(color):
    parts = np.array([int(part) for part in re.findall(r"\d+", color)[:3]]) / 255
    return np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_contrast(page, scheme):
    prefer(page, scheme)
    follow(page, "re=0.2&im=1")
    colors = page.execute_script(
        """const style = (query) => getComputedStyle(document.querySelector(query));
        return {
          page: style("body").backgroundColor, panel: style("fieldset").backgroundColor,
          texts: [style("body").color, style(".note").color, style("a").color, style("#problem").color,
                  style("#curve text").fill, style("input[type=number]").color],
          lines: [style(".first").stroke, style(".second").stroke, style("#point").fill,
                  style("fieldset").borderTopColor],
        }"""
    )
    for ground in (colors["page"], colors["panel"]):
        assert (luminance(ground) < 0.1) == (scheme == "dark")
        for kind, least in (("texts", 4.5), ("lines", 3.0)):  # WCAG 2.1, AA: 1.4.3 and 1.4.11
            for color in colors[kind]:
                lower, upper = sorted([luminance(color), luminance(ground)])
                assert (upper + 0.05) / (lower + 0.05) >= least, (color, ground)


def test_page_is_labelled_and_needs_no_other_host(page):
    unlabelled = page.execute_script(
        """return [...document.querySelectorAll("input, button, svg[role=img], [role=slider]")].filter(
          (e) => !(e.labels?.length || e.getAttribute("aria-label") || e.textContent)).map((e) => e.outerHTML)"""
    )
    assert unlabelled == []
    sources = [path.read_text() for path in PAGE.parent.iterdir()]
    assert {
        address for source in sources for address in re.findall(r"(?:https?:)?//\w[^\"' ]*\.\w[^\"' ]*", source)
    } <= {"http://www.w3.org/2000/svg"}
    assert page.find_element("css selector", "header a").get_attribute("href").endswith("/docs/index.html")
