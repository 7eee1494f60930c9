"""The people of the demo desk."""

from __future__ import annotations

from typing import Final

from casedesk.domain.people import Person, Role

STAFF: Final = (
    Person("grace", "Grace Adeyemi", Role.ANALYST, email="grace.adeyemi@example.com"),
    Person("luis", "Luis Ferreira", Role.ANALYST, email="luis.ferreira@example.com"),
    Person("priya", "Priya Raman", Role.ANALYST, email="priya.raman@example.com"),
    Person("tomasz", "Tomasz Wójcik", Role.ANALYST, email="tomasz.wojcik@example.com"),
    Person("hannah", "Hannah Lindqvist", Role.ANALYST, email="hannah.lindqvist@example.com"),
    Person("jonas", "Jonas Falk", Role.ANALYST, email="jonas.falk@example.com"),
    Person("marta", "Marta Kowalczyk", Role.MANAGER, email="marta.kowalczyk@example.com"),
    Person("daniel", "Daniel Okafor", Role.MANAGER, email="daniel.okafor@example.com"),
    Person("samir", "Samir Haddad", Role.QA, email="samir.haddad@example.com"),
    Person("yuki", "Yuki Tanaka", Role.QA, email="yuki.tanaka@example.com"),
    Person("ines", "Ines Duarte", Role.AUDITOR, email="ines.duarte@example.com"),
    Person("oskar", "Oskar Lehmann", Role.ANALYST, active=False, email="oskar.lehmann@example.com"),
)

BY_ID: Final = {person.user_id: person for person in STAFF}
ANALYSTS: Final = tuple(p.user_id for p in STAFF if p.role is Role.ANALYST and p.active)
MANAGERS: Final = tuple(p.user_id for p in STAFF if p.role is Role.MANAGER)
REVIEWERS: Final = tuple(p.user_id for p in STAFF if p.role is Role.QA)
AUDITORS: Final = tuple(p.user_id for p in STAFF if p.role is Role.AUDITOR)
