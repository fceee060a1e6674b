"""Documents become pieces with their place, lose no word, and tell in a sentence why they can't."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit.authoring.documents import Document, Section, chunks, domain_from_documents, read_document
from workshop_kit.errors import BadInput, MissingExtra

sys.path.insert(0, str(Path(__file__).parent))
from toy_aws import ToyAws

PAGES = (
    ["A boat permit costs $40.", "It is valid for two years."],
    ["The harbor office issues boat permits.", "You must bring a photo card."],
)


def pdf(pages: tuple[list[str], ...] = PAGES) -> bytes:
    """A small PDF written by hand: one line of text after the other."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = b" ".join(b"(%s) Tj T*" % line.encode().replace(b"(", b"\\(").replace(b")", b"\\)") for line in lines)
        stream = b"BT /F1 12 Tf 14 TL 72 720 Td " + shown + b" ET"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        kids.append(len(objects) + 1)
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % k for k in kids))
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table, len(objects) + 1, len(out),
    )  # fmt: skip


def docx() -> bytes:
    from docx import Document as New

    made = New()
    made.add_heading("Boat permits", 1)
    made.add_paragraph("A boat permit costs $40.")
    table = made.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Valid for", "two years"
    made.add_heading("Offices", 1)
    made.add_paragraph("The harbor office issues boat permits.")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


HTML = b"""<html><head><title>x</title><style>p{color:red}</style></head><body><nav>menu</nav><h1>Boat permits</h1>
<p>A boat permit costs <b>$40</b>.</p><ul><li>It is valid for two years</li></ul><script>steal()</script>
<h2>Offices</h2><p>The harbor office issues boat permits.</p></body></html>"""
MARKDOWN = b"""# Boat permits

A boat permit **costs** $40.

- It is [valid](http://x) for two years

## Offices {#o}

The harbor office issues boat permits.

```
# no heading
```
"""
CSV = b"Permit,Fee,Office\nBoat permit,$40,harbor office\nFishing licence,$15,\n"


@pytest.mark.parametrize(
    ("name", "data", "sections"),
    [
        ("a.pdf", pdf(), [("", "A boat permit costs $40. It is valid for two years.", "page 1"),
                          ("", "The harbor office issues boat permits. You must bring a photo card.", "page 2")]),
        ("a.docx", docx(), [("Boat permits", "A boat permit costs $40. Valid for. two years.", "paragraph 1"),
                            ("Offices", "The harbor office issues boat permits.", "paragraph 4")]),
        ("a.html", HTML, [("Boat permits", "A boat permit costs $40 . It is valid for two years.", "line 1"),
                          ("Offices", "The harbor office issues boat permits.", "line 3")]),
        ("a.md", MARKDOWN, [("Boat permits", "A boat permit costs $40. It is valid for two years.", "line 1"),
                            ("Offices", "The harbor office issues boat permits. # no heading", "line 7")]),
        ("a.csv", CSV, [("a", "Permit: Boat permit; Fee: $40; Office: harbor office.", "row 2"),
                        ("a", "Permit: Fishing licence; Fee: $15.", "row 3")]),
        ("a.txt", "Caf\u00e9s open at nine.\n\nThey close\nat five.".encode("cp1252"),
         [("", "Caf\u00e9s open at nine.", "line 1"), ("", "They close at five.", "line 3")]),
        ("a.txt", "\ufeffAn inter-\nesting word.".encode("utf-16"), [("", "An interesting word.", "line 1")]),
    ],
)  # fmt: skip
def test_each_kind_is_read_with_its_places(tmp_path, name, data, sections):
    (tmp_path / name).write_bytes(data)
    found = read_document(tmp_path / name)
    assert [(s.title, s.text, s.place) for s in found.sections] == sections


def encrypted() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf())))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (210 * 2**20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.pdf", pdf(([],)), "holds no text .a scan"), ("a.pdf", b"%PDF-1.4 nothing", "damaged or no PDF"),
        ("a.pdf", pdf()[:300], "damaged or no PDF|no text"), ("a.pdf", encrypted(), "password"),
        ("a.docx", b"PK\x03\x04broken", "damaged or no DOCX"), ("a.docx", bomb(), "unpacks to more"),
        ("a.exe", b"MZ", "no kind of document"), ("a.txt", b"\x00\x01\x02", "no text file"),
        ("a.txt", b" \n ", "no text"),
        ("a.html", b"<script>x</script>", "no text"), ("a.csv", b"a,b\n", "no text"),
    ],
)  # fmt: skip
def test_what_cant_be_read_says_why_in_one_sentence(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadInput, match=says) as told:
        read_document(tmp_path / name)
    assert "\n" not in str(told.value) and name in str(told.value)


def test_missing_files_and_folders_are_told(tmp_path):
    with pytest.raises(BadInput, match="can't be read"):
        read_document(tmp_path / "none.txt")
    with pytest.raises(BadInput, match="is a folder"):
        read_document(tmp_path)
    with pytest.raises(BadInput, match="No documents"):
        domain_from_documents([])


def test_without_the_parser_the_pip_line_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (tmp_path / "a.pdf").write_bytes(pdf())
    with pytest.raises(MissingExtra, match=r"workshop-kit\[documents\]"):
        read_document(tmp_path / "a.pdf")


WORDS = st.sampled_from(["One", "two.", "three!", "Four", "Dr.", "$5.", "six,"])


@settings(max_examples=100)
@given(
    texts=st.lists(
        st.lists(st.sampled_from(["One", "two.", "three!", "Four", "Dr.", "$5.", "six,"]), min_size=1),
        min_size=1,
        max_size=4,
    ),
    target=st.integers(5, 40),
)
def test_no_word_is_lost_and_no_piece_is_much_too_long(texts, target):
    sections = tuple(Section(f"s{n}", " ".join(words), f"page {n}") for n, words in enumerate(texts))
    pieces = chunks(Document("d.pdf", "pdf", sections), target)
    assert [w for p in pieces for w in p.text.split()] == [w for words in texts for w in words]
    assert all(len(p.text.split()) <= 2 * target for p in pieces)
    assert all(p.citation.startswith(f"d.pdf, {p.place}, piece ") for p in pieces)


@settings(max_examples=150)
@given(data=st.binary(max_size=400), suffix=st.sampled_from([".pdf", ".docx", ".html", ".csv", ".md", ".txt"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data, suffix):
    path = tmp_path_factory.mktemp("fuzz") / f"a{suffix}"
    path.write_bytes(data)
    try:
        assert read_document(path).words >= 0
    except BadInput:
        pass


def test_headings_become_topics_and_small_ones_share_one(tmp_path):
    (tmp_path / "a.md").write_text("".join(f"# Part {n}\n\n{'A fact. ' * (n + 1)}\n\n" for n in range(20)))
    domain = domain_from_documents(tmp_path / "a.md")
    assert len(domain.topics) == 12 and "Other" in {topic.title for topic in domain.topics}
    assert sum(len(domain.passages_for(topic.id)) for topic in domain.topics) == 20


def test_a_pdf_becomes_rows_that_cite_their_page(tmp_path):
    toy_writer = ToyAws()
    from workshop_kit.authoring import plan, write

    (tmp_path / "permits.pdf").write_bytes(pdf())
    domain = domain_from_documents(tmp_path / "permits.pdf", title="Permits")
    rows = write(toy_writer, plan(domain, 6, styles=("simple",)), tmp_path / "rows.jsonl")
    assert len(rows) >= 3
    assert {row.source.rsplit(",", 1)[0] for row in rows} == {"permits.pdf, page 1", "permits.pdf, page 2"}
    assert any("$40" in row.response for row in rows)
    again = write(toy_writer, plan(domain, 6, styles=("simple",)), tmp_path / "rows.jsonl")
    assert again.examples == rows.examples, "the citation survives the file"
