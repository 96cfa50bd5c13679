"""XCCDF and ARF bytes in, one pass of expat without document types or entities; what we keep of the document out.

Source: XCCDF 1.2 (NIST IR 7275 r4) and 1.1.4; Asset Reporting Format 1.1 (NIST IR 7694); OVAL 5.11 results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from xml.parsers import expat

from compliance.errors import EvidenceError
from compliance.evidence.rules.oval_results import OvalResults
from compliance.evidence.rules.xccdf_elements import Elements
from compliance.evidence.rules.xccdf_parts import Document
from compliance.evidence.xml_documents import MAX_DEPTH, SEPARATOR

#: Elements of one document: one of 34 MB has half a million.
MAX_ELEMENTS = 6_000_000
#: Different names of elements and attributes, each of which expat keeps; OVAL has about two thousand.
MAX_NAMES = 50_000
_NAMESPACES = ("http://checklists.nist.gov/xccdf/1.2", "http://checklists.nist.gov/xccdf/1.1")
#: Bytes that expat is given at a time; more make it no faster.
PIECE = 256 * 1024

Start = Callable[[dict[str, str]], None]
End = Callable[[], None]


def parse(pieces: Iterable[bytes | memoryview]) -> Document:
    """What we keep of a document that comes in pieces; none of it is held longer than it is read.

    Raises:
        EvidenceError: no well-formed XML (perhaps cut short), a document type or an entity, or above a cap.
    """
    parsing = _Parsing()
    parsing.feed(pieces)
    return parsing.document


class _Parsing:
    """The walk through one document: names of elements to what is done at their start and end."""

    def __init__(self) -> None:
        self.document = Document()
        self.parser = expat.ParserCreate(namespace_separator=SEPARATOR)
        self.parser.buffer_text = True
        elements = Elements(self.document, self.parser)
        oval = OvalResults(self.document, self.parser)
        self.starts: dict[str, Start] = dict(oval.starts)
        self.ends: dict[str, End] = dict(oval.ends)
        for namespace in _NAMESPACES:
            self.starts.update({f"{namespace}{SEPARATOR}{name}": act for name, act in elements.starts.items()})
            self.ends.update({f"{namespace}{SEPARATOR}{name}": act for name, act in elements.ends.items()})
        self._handle(elements, oval)

    def _handle(self, elements: Elements, oval: OvalResults) -> None:
        """Set the handlers. They run half a million times for one document: locals, and one look-up each."""
        depth = count = 0
        starts, ends, parser, document = self.starts.get, self.ends.get, self.parser, self.document

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal depth, count
            depth += 1
            count += 1
            if depth > MAX_DEPTH:
                words = f"elements within elements, more than {MAX_DEPTH} deep"
                raise EvidenceError(words, line=parser.CurrentLineNumber)
            act = starts(name)
            if act is not None:
                elements.depth = depth
                act(attributes)
            elif oval.collecting:
                oval.item_start(name, attributes)
            elif depth == 1:
                document.root = name

        def end(name: str) -> None:
            nonlocal depth
            act = ends(name)
            if act is not None:
                elements.depth = depth
                act()
            elif oval.collecting:
                oval.item_end()
            depth -= 1

        def within() -> None:
            if count > MAX_ELEMENTS:
                raise EvidenceError(f"more than {MAX_ELEMENTS:,} elements, above the limit for one document")
            if len(parser.intern) > MAX_NAMES:
                raise EvidenceError(f"more than {MAX_NAMES:,} different names, above the limit for one document")

        self.parser.StartElementHandler = start
        self.parser.EndElementHandler = end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.within = within

    def _refuse(self, *_: object) -> None:
        raise EvidenceError(
            "declares a document type (DOCTYPE), which may hide other text behind entities; write it without one",
            line=self.parser.CurrentLineNumber,
        )

    def feed(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Read the document to its end."""
        try:
            for piece in pieces:
                self.parser.Parse(piece, False)
                self.within()
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code)
            raise EvidenceError(_broken(words, error), line=error.lineno) from error
        except (LookupError, UnicodeError, ValueError) as error:
            raise EvidenceError(f"an encoding that is not read: {str(error)[:80]}; convert it to UTF-8") from error


def _broken(words: str, error: expat.ExpatError) -> str:
    if error.code in _CUT_SHORT:
        return f"ends before its last element does ({words}): the run that wrote it broke off, or the copy did"
    return f"not well-formed XML: {words} (column {error.offset + 1})"


#: What expat says of a document without its end.
_CUT_SHORT = frozenset(
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)
