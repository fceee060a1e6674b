"""Documents as a source of rows: PDF, DOCX, HTML, CSV, Markdown and plain text -> text -> pieces with their place.

reading.py   a file -> its sections, each with where it stands
chunks.py    sections -> pieces of a few sentences
source.py    pieces -> a Domain that plan() and write() work on, every row with its citation
"""

from workshop_kit.authoring.documents.chunks import Chunk, chunks
from workshop_kit.authoring.documents.reading import Document, Section, read_document
from workshop_kit.authoring.documents.source import domain_from_documents

__all__ = ["Chunk", "Document", "Section", "chunks", "domain_from_documents", "read_document"]
