"""The shape of attestations and vulnerabilities in the packet's JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from compliance.exports.packet_json.shape import Sha256, View

TrustWord = Literal["verified", "signed-untrusted", "present-unsigned", "invalid", "not-checked"]
EnvelopeWord = Literal["dsse", "bundle", "cosign-layout", "buildkit", "notation", "detached", "none"]
SeverityText = Annotated[str, Meta(pattern="^(critical|high|medium|low|negligible|unknown)$")]
StateWord = Literal["open", "vex-suppressed", "deviated", "fixed"]
AnswerWord = Literal["yes", "no", "unknown"]
Probability = Annotated[float, Meta(ge=0, le=1)]


class IdentityTrustView(View):
    issuer: str
    subject: str | None
    subject_pattern: str | None


class BuilderView(View):
    id: str
    level: int


class SourceView(View):
    image: str
    repository: str


class TrustedRootView(View):
    name: str
    sha256: str


class TrustView(View):
    """Whom the organisation trusts; `keys` are names, `threshold` how many distinct ones must have signed."""

    keys: list[str]
    identities: list[IdentityTrustView]
    trusted_roots: list[TrustedRootView]
    builders: list[BuilderView]
    sources: list[SourceView]
    vex_authors: list[str]
    threshold: int


class DeadlinesView(View):
    """Which rule sets deadlines, null where nobody chose one; `days` by severity count under `own`."""

    regime: str | None
    days: dict[str, int]


class AttestationView(View):
    """A signature or statement. `trust` is of the signature alone; `images` are those handed in that it is about.

    `pointer` is its place in the file, empty text for the whole of it. `proven_time` is null unless a trusted timestamp
    or log proves it.
    """

    sha256: Sha256
    path: str
    pointer: str
    envelope: EnvelopeWord
    about: str
    predicate_type: str | None
    subject_digests: list[str]
    images: list[str]
    trust: TrustWord
    signer: str | None
    issuer: str | None
    fingerprint: str | None
    proven_time: str | None
    time_source: str | None
    because: str


class VulnerabilityCountsView(View, rename="kebab"):
    """`raw` is the sum of the others; `open` is what is left, net of all that was set aside."""

    raw: int
    open: int
    vex_suppressed: int
    deviated: int
    fixed: int


class ImageVulnerabilitiesView(View):
    """The vulnerabilities of an image. `severities` and the numbers after it are of the open ones.

    `likely` counts those likely to be exploited, or taken for it because nobody says. `undated` have no day because
    something is missing that sets it.
    """

    counts: VulnerabilityCountsView
    severities: dict[str, int]
    known_exploited: int
    likely_exploited: int
    fixable: int
    overdue: int
    undated: int
    next_due: str | None
    disagreements: int
    scanners: list[str]
    scanned: str | None
    joined: str
    incomplete: list[str]


class SeriesPointView(View):
    date: str
    image: str
    severities: dict[str, int]


class SeriesView(View):
    """Scans of builds of one repository by one tool, oldest first."""

    repository: str
    tool: str
    points: list[SeriesPointView]


class MendedView(View):
    """A vulnerability that earlier scans of a repository show and the newest do not."""

    repository: str
    id: str
    package: str
    first_seen: str
    gone_on: str
    days: int


class ScanView(View):
    """A scan report, and the images that it is joined to; `joined` says by what, or why to none."""

    sha256: Sha256
    path: str
    pointer: str
    tool: str
    target: str
    made: str | None
    database: str | None
    findings: int
    suppressed_by_scanner: int
    images: list[str]
    joined: str


class VulnerabilitySetView(View):
    """All vulnerabilities of the images; a file above 64 MB carries the suffix .zst besides.

    `file` is null where no scan was handed in, and then nobody knows of any. `unscanned` are images without a usable
    scan. `mended` holds the first 500 of `mended_total`, the slowest first.
    """

    file: str | None
    counts: VulnerabilityCountsView
    severities: dict[str, int]
    known_exploited: int
    likely_exploited: int
    fixable: int
    overdue: int
    undated: int
    disagreements: int
    regime: str | None
    sources: list[str]
    unscanned: list[str]
    series: list[SeriesView]
    mended: list[MendedView]
    mended_total: int
    scans: list[ScanView]


class VexView(View):
    status: str
    justification: str
    author: str


class VulnerabilityView(View):
    """A line of vulnerabilities.jsonl: one vulnerability in one package of one image.

    `kev` is null without a catalog of known exploited ones, `epss` a probability or null where nobody states one,
    `due` null where no day is set. `exploitable`, `exposed` and `active` count as yes while they are unknown.
    """

    id: str
    aliases: list[str]
    package: str
    version: str
    fixed_in: str | None
    image: str
    severity: SeverityText
    sources: list[str]
    kev: bool | None
    epss: Probability | None
    vex: VexView | None
    exploitable: AnswerWord
    exposed: AnswerWord
    active: AnswerWord
    state: StateWord
    first_seen: str | None
    due: str | None
    overdue_days: int
    regime: str | None
