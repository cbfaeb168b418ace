"""The simulator's front door: draws an insurer, writes its feeds, its project file and the truth about it.

What is drawn and from which hazards is in the modules of this package; no file is written anywhere else.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl

from simulation import feeds
from simulation.actions import action_rows, action_truth, target_rows
from simulation.applications import application_rows, applications
from simulation.applications_truth import applications_truth
from simulation.audits import audit_rows, audit_truth, audits
from simulation.claim_events import ClaimLog, claim_event_rows, claim_log, decided_before_reported
from simulation.claim_service import claim_service, with_service, workflow_rows
from simulation.claim_service_truth import claim_service_truth
from simulation.claims import Claims, claims
from simulation.claims_truth import claims_truth
from simulation.clock import AS_OF, Window
from simulation.columns import recorded
from simulation.complaints import Complaints, complaint_rows, complaints
from simulation.complaints_truth import complaint_truth, recovery_truth
from simulation.contacts import called_back, claim_spells, contact_rows, contacts
from simulation.contacts_truth import contact_truth
from simulation.invitations import invitation_rows, invitation_truth, invited
from simulation.life_course import LifeCourse, life_course
from simulation.market import market_rows, with_investments
from simulation.mess import deliver, together
from simulation.organisation import Organisation, branch_count, org_units, organisation
from simulation.people import (
    cause_truth,
    causes,
    outlet_truth,
    outlets,
    with_handling,
    with_modes,
    with_people,
)
from simulation.policies import Register, policy_rows, register
from simulation.policy_feeds import (
    exposure_rows,
    instalments,
    policy_event_rows,
    premium_rows,
)
from simulation.policy_truth import policy_truth
from simulation.registrations import registration_rows, registration_truth, registrations
from simulation.service_orders import Orders, service_order_rows, service_orders
from simulation.service_truth import service_truth
from simulation.stated import about, hazards_stated
from simulation.surveys import Respondents, answer_rows, answers, respondents
from simulation.surveys_truth import survey_truth
from simulation.text_grammar import personal_in
from simulation.texts import texts
from simulation.wording import questions

PROJECT_FILE = Path(__file__).with_name("policypulse.yml")
FRAMEWORK_FILE = Path(__file__).with_name("example_life.yml")
OUT_OF_ORDER_SHARE = 0.0015


class _Draw:
    """One simulated insurer: what was drawn, where it is written, and the truth gathered on the way."""

    def __init__(self, out: Path, policies: int, months: int, seed: int, branches: int) -> None:
        self.window = Window(months)
        self.seed = seed
        self.folder = out / "feeds"
        self.truth: dict = {"feeds": {}, "kpis": {}, "realised": {}, "personal": {}}
        self.org: Organisation = organisation(self.window, branches, self.rng("organisation"))
        self.register: Register = register(self.window, policies, self.org, self.rng("register"))
        self.course: LifeCourse = life_course(self.register, self.window, self.rng("life course"))
        self.claims: Claims = claims(self.register, self.course, self.window, self.org, self.rng("claims"))
        self.complaints: Complaints = complaints(
            self.register, self.course.intervals, self.claims, self.window, self.org, self.rng("complaints")
        )

    def rng(self, subject: str) -> np.random.Generator:
        """A stream of its own for each subject, so that a change in one leaves the others as they were."""
        digest = hashlib.sha256(f"{self.seed}/{subject}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "big"))

    def learn(self, truth: dict) -> None:
        for part in ("kpis", "realised"):
            self.truth[part] |= truth.get(part, {})

    def record(self, feed: str, files: list[str], amounts: dict, **more: object) -> None:
        self.truth["feeds"][feed] = {"files": files, **amounts, **more}

    def write_policies(self) -> None:
        rows = with_people(policy_rows(self.register, self.org), self.register, self.org, self.rng("people"))
        rows = rows.with_columns(
            UPD_TS=recorded(self.register.issued, self.window, self.rng("policies recorded"))
        )
        delivery = deliver(rows, feeds.POLICIES, self.window, self.rng("policies mess"))
        name = "policies.csv.gz" if len(rows) <= feeds.GZIP_UP_TO_ROWS else "policies.csv"
        self.record(
            "policies", [feeds.write_csv(delivery, feeds.POLICIES, self.folder / name)], delivery.amounts
        )

    def write_premiums(self) -> None:
        due = instalments(self.register, self.course, self.window)
        self.learn(policy_truth(self.register, self.course, due, self.window, self.org))
        rows = premium_rows(self.register, due, self.window, self.rng("premiums recorded"))
        delivery = deliver(rows, feeds.PREMIUMS, self.window, self.rng("premiums mess"))
        file = feeds.write_csv(delivery, feeds.PREMIUMS, self.folder / "premiums.csv")
        self.record("premiums", [file], delivery.amounts)
        exposures = outlets(exposure_rows(self.register, self.course, due, self.window, self.org), self.org)
        self.learn(outlet_truth(exposures, self.window, self.org))
        exposures = with_investments(exposures, self.rng("investments"))
        exposures.write_csv(
            self.folder / "exposures.csv", datetime_format="%Y-%m-%d %H:%M:%S", float_precision=2
        )
        market_rows(exposures, self.rng("market")).write_csv(
            self.folder / "market_values.csv", float_precision=2
        )

    def write_policy_events(self) -> None:
        rows = policy_event_rows(self.register, self.course.events, self.window, self.rng("policy events"))
        delivery = deliver(rows, feeds.POLICY_EVENTS, self.window, self.rng("policy events mess"))
        file = feeds.write_csv(delivery, feeds.POLICY_EVENTS, self.folder / "policy_events.csv")
        self.record("policy_events", [file], delivery.amounts)

    def write_claims(self) -> None:
        log, counts = claim_log(self.claims, self.window, self.rng("claim log"))
        self.write_contacts(log)
        log, disordered = decided_before_reported(
            log, self.claims, OUT_OF_ORDER_SHARE, self.rng("out of order")
        )
        self.learn({"kpis": claims_truth(self.claims, self.window, self.org), "realised": counts})
        rows = claim_event_rows(
            log, self.claims, self.register, self.window, self.org, self.rng("claim rows")
        )
        service = claim_service(
            self.claims,
            log,
            self.window,
            self.org,
            self.rng("claim service"),
            self.rng("claim contacts"),
        )
        registered = registrations(self.claims, self.rng("claim registrations"))
        self.learn(registration_truth(self.claims, registered, self.window, self.org))
        self.learn(claim_service_truth(self.claims, service, registered, log, self.window, self.org))
        rows = with_service(rows, log, service)
        delivery = deliver(rows, feeds.CLAIM_EVENTS, self.window, self.rng("claims mess"))
        files = feeds.write_by_file(delivery, feeds.CLAIM_EVENTS, self.folder, "claim_events", AS_OF.year)
        notes = int((delivery.rows["EVT"] == "NOTE").sum())
        steps = workflow_rows(rows, service, self.window, self.rng("claim workflow"))
        workflow = deliver(steps, feeds.CLAIM_WORKFLOW, self.window, self.rng("claim workflow mess"))
        files.append(
            feeds.write_csv(workflow, feeds.CLAIM_WORKFLOW, self.folder / "claim_events_workflow.csv")
        )
        steps = registration_rows(registered, rows, self.window, self.rng("claim registration rows"))
        register = deliver(steps, feeds.CLAIM_WORKFLOW, self.window, self.rng("claim registrations mess"))
        files.append(
            feeds.write_csv(register, feeds.CLAIM_WORKFLOW, self.folder / "claim_events_register.csv")
        )
        self.record(
            "claim_events",
            files,
            together(together(delivery.amounts, workflow.amounts), register.amounts),
            rows_skipped_notes=notes,
            out_of_order_claims=len(disordered),
            out_of_order=disordered,
        )

    def write_contacts(self, log: ClaimLog) -> None:
        spells = claim_spells(log, self.claims)
        desk = contacts(
            self.register, self.course.intervals, spells, self.window, self.org, self.rng("contacts")
        )
        self.learn(contact_truth(desk, spells, self.register, self.window, self.org))
        called = called_back(desk, self.rng("calls back"))
        rows, slipped = contact_rows(
            desk, called, self.register, self.window, self.org, self.rng("contact rows")
        )
        delivery = deliver(rows, feeds.CONTACTS, self.window, self.rng("contacts mess"))
        file = feeds.write_parquet(delivery, self.folder / "contacts.parquet")
        self.record("contacts", [file], delivery.amounts, answered_before_offered=slipped)

    def write_audits(self) -> None:
        found = audits(self.register, self.claims, self.window, self.org, self.rng("audits"))
        self.learn(audit_truth(found, self.window, self.org))
        rows = audit_rows(found, self.register, self.claims, self.window, self.org, self.rng("audit rows"))
        delivery = deliver(rows, feeds.AUDITS, self.window, self.rng("audits mess"))
        file = feeds.write_csv(delivery, feeds.AUDITS, self.folder / "audits.csv")
        self.record("audits", [file], delivery.amounts)

    def write_complaints(self) -> None:
        self.learn(
            complaint_truth(self.complaints, self.register, self.course.intervals, self.window, self.org)
        )
        self.learn(recovery_truth(self.complaints, self.register, self.course, self.window, self.org))
        rows = complaint_rows(
            self.complaints,
            self.register,
            self.window,
            self.rng("complaint rows"),
            self.rng("complaint words"),
        )
        self.write_texts(rows.select("id", "receivedOn", "text"))
        self.write_actions(rows.select("id", "receivedOn"))
        cause = causes(self.complaints, self.rng("complaint causes"))
        self.learn(cause_truth(self.complaints, cause, self.window, self.org))
        rows = with_handling(
            rows, self.complaints, cause, self.window, self.org, self.rng("complaint handling")
        )
        delivery = deliver(rows, feeds.COMPLAINTS, self.window, self.rng("complaints mess"))
        file = feeds.write_ndjson(delivery, feeds.COMPLAINTS, self.folder / "complaints.ndjson")
        self.record("complaints", [file], delivery.amounts)

    def write_actions(self, complaints: pl.DataFrame) -> None:
        self.truth["actions"] = action_truth(self.truth["kpis"], self.window, self.org)
        rows = action_rows(complaints, self.window, self.org, self.rng("actions"))
        rows.write_csv(self.folder / "actions.csv")
        target_rows(self.window).write_csv(self.folder / "targets.csv")

    def write_texts(self, complaints: pl.DataFrame) -> None:
        """What customers write besides; some of the posts repeat `complaints` (id, receivedOn, text)."""
        rows, truth = texts(
            self.register,
            self.course.intervals,
            complaints,
            self.window,
            self.org,
            self.rng("texts"),
        )
        self.truth["texts"] = truth
        self.truth["personal"] |= {
            "complaints": personal_in(complaints["text"]),
            "texts": personal_in(rows["content"]),
        }
        delivery = deliver(rows, feeds.TEXTS, self.window, self.rng("texts mess"))
        file = feeds.write_csv(delivery, feeds.TEXTS, self.folder / "texts.csv")
        self.record("texts", [file], delivery.amounts)

    def write_surveys(self) -> None:
        people = respondents(
            self.register,
            self.course.intervals,
            self.claims,
            self.complaints,
            self.window,
            self.org,
            self.rng("surveys"),
        )
        self.learn(survey_truth(people, self.window, self.org))
        given, recommend = answers(people, self.rng("answers"))
        rows = answer_rows(
            given,
            recommend,
            people,
            self.register,
            self.window,
            self.rng("answer rows"),
            self.rng("answer words"),
        )
        self.truth["personal"]["survey_answers"] = personal_in(rows["comment"])
        rows = with_modes(rows, self.rng)
        delivery = deliver(rows, feeds.SURVEY_ANSWERS, self.window, self.rng("answers mess"))
        file = feeds.write_parquet(delivery, self.folder / "survey_answers.parquet")
        self.record("survey_answers", [file], delivery.amounts)
        self.write_invitations(people)

    def write_invitations(self, people: Respondents) -> None:
        asked = invited(
            people,
            self.register,
            self.course.intervals,
            self.claims,
            self.complaints,
            self.window,
            self.org,
            self.rng("invitations"),
        )
        self.learn(invitation_truth(asked, self.register, self.window, self.org))
        rows = invitation_rows(asked, self.register, self.window, self.rng("invitation rows"))
        rows = with_modes(rows, self.rng)
        delivery = deliver(rows, feeds.SURVEY_INVITATIONS, self.window, self.rng("invitations mess"))
        file = feeds.write_csv(delivery, feeds.SURVEY_INVITATIONS, self.folder / "survey_invitations.csv")
        self.record("survey_invitations", [file], delivery.amounts)

    def write_service_orders(self) -> None:
        due = instalments(self.register, self.course, self.window)
        orders: Orders = service_orders(
            self.register, self.course.intervals, due, self.window, self.org, self.rng("service orders")
        )
        self.learn(service_truth(orders, self.register, self.course.intervals, due, self.window, self.org))
        rows = service_order_rows(
            orders, self.register, self.window, self.org, self.rng("service order rows")
        )
        delivery = deliver(rows, feeds.SERVICE_ORDERS, self.window, self.rng("service orders mess"))
        file = feeds.write_csv(delivery, feeds.SERVICE_ORDERS, self.folder / "service_orders.csv")
        self.record("service_orders", [file], delivery.amounts)

    def write_applications(self) -> None:
        drawn = applications(self.register, self.window, self.org, self.rng("applications"))
        self.learn(applications_truth(drawn, self.register, self.window, self.org))
        rows = application_rows(drawn, self.register, self.window, self.org, self.rng("application rows"))
        delivery = deliver(rows, feeds.APPLICATIONS, self.window, self.rng("applications mess"))
        file = feeds.write_csv(delivery, feeds.APPLICATIONS, self.folder / "applications.csv")
        self.record("applications", [file], delivery.amounts)

    def write_reference(self) -> None:
        org_units(self.org).write_csv(self.folder / "org_units.csv")
        questions().write_csv(self.folder / "survey_questions.csv")
        for feed in ("org_units", "survey_questions", "exposures", "market_values", "actions", "targets"):
            rows = len(pl.read_csv(self.folder / f"{feed}.csv"))
            amounts = {"rows_written": rows, "rows_rejected": {}, "distinct_keys": rows}
            self.record(feed, [f"{feed}.csv"], amounts)


def simulate(out: Path, policies: int, months: int, seed: int, branches: int | None = None) -> dict:
    """Writes an insurer of `policies` policies, observed for `months` months up to 2025-12-31, into `out`.

    It has so many `branches`, by default as many as insurers of its size have.

    Files: feeds/*, policypulse.yml, example_life.yml, pseudonym.key and truth.json, whose content is returned:
    the hazards, the true KPIs they imply by month for company and branches, exact counts, and the mess of each
    feed. The same arguments give the same bytes. Raises ValueError for an insurer too small to be one,
    FileExistsError where `out` holds a project that is not a simulated one.
    """
    if policies < 100 or months < 1:
        raise ValueError(f"an insurer needs at least 100 policies and 1 month; got {policies} and {months}")
    if not (out / "truth.json").exists() and ((out / "feeds").exists() or (out / PROJECT_FILE.name).exists()):
        raise FileExistsError(f"{out} holds feeds or a project that were not simulated; name another folder")
    shutil.rmtree(out / "feeds", ignore_errors=True)
    (out / "feeds").mkdir(parents=True)
    draw = _Draw(out, policies, months, seed, branches or branch_count(policies))
    draw.write_policies()
    draw.write_premiums()
    draw.write_policy_events()
    draw.write_claims()
    draw.write_complaints()
    draw.write_audits()
    draw.write_surveys()
    draw.write_service_orders()
    draw.write_applications()
    draw.write_reference()
    truth = {
        "about": about(draw.window, policies, seed),
        "hazards": hazards_stated(),
        "organisation": draw.org.truth(draw.window),
        **draw.truth,
    }
    (out / "truth.json").write_text(
        json.dumps(truth, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    key = out / "pseudonym.key"
    key.touch(mode=0o600)
    key.write_text(hashlib.sha256(f"pseudonym key {seed}".encode()).hexdigest() + "\n")
    (out / "policypulse.yml").write_text(_project_file(months), encoding="utf-8")
    shutil.copyfile(FRAMEWORK_FILE, out / FRAMEWORK_FILE.name)
    return truth


def _project_file(months: int) -> str:
    """The project file beside this module with the simulated as-of date and number of months."""
    text = PROJECT_FILE.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^as_of: \S+", f"as_of: {AS_OF.isoformat()}", text)
    return re.sub(r"(?m)^months: \S+", f"months: {months}", text)
