//! The list of origins of a page: kinds and grades in words, the documents, and every origin with what it cites and a way back.

use maud::{Markup, html as markup};

use super::Document;
use super::register::{Register, anchor, link_to};
use crate::reference::{Cited, Reference, grade_in_words};
use crate::value::Origin;

/// Meaning of the kinds of origins, by the letter that underlines numbers.
const KINDS: [(&str, &str, &str); 4] = [
    ("i", "input", "fed to the models"),
    ("d", "derived", "computed by a model"),
    ("c", "calibrated", "fitted to a published figure, or computed with such a fit"),
    ("v", "vendor claim", "a vendor's word alone"),
];

/// The section.
pub(super) fn section(document: &Document, register: &Register) -> Markup {
    let bibliography = &document.bibliography;
    let all: Vec<(&Origin, Cited<'_>)> = register.origins().iter().map(|o| (o, bibliography.cited(o))).collect();
    let used = |r: &Reference| {
        all.iter().filter(|(_, cited)| matches!(cited, Cited::Documents(d) if d.iter().any(|d| d.key == r.key))).count()
    };
    let documents: Vec<(&Reference, usize)> =
        bibliography.references.iter().map(|r| (r, used(r))).filter(|(_, n)| *n > 0).collect();
    let mut grades: Vec<&str> = all.iter().map(|(o, _)| o.grade.as_str()).collect();
    grades.sort_unstable();
    grades.dedup();
    let linked = all.iter().filter(|(_, cited)| address(document, cited)).count();
    markup! {
        section id="origins" aria-labelledby="origins-title" {
            h2 id="origins-title" { "Origins" (link_to("origins", "Origins")) }
            p {
                "Every number of this page links to its origin in the list below. "
                (linked) " of " (all.len()) " origins lead to a document or a page; the others say why not."
            }
            dl.kinds {
                @for (letter, name, meaning) in KINDS {
                    div { dt { span.number data-k=(letter) { (name) } } dd { (meaning) } }
                }
                @for grade in grades { div { dt { (grade) } dd { (grade_in_words(grade)) } } }
            }
            h3 { "Documents" }
            ul.documents {
                @for (r, count) in documents {
                    li id={ "doc-" (r.key) } {
                        (r.by) ": " cite { (r.title) } ", " (r.year) ", "
                        a href=(r.link.address()) { (r.link.text()) }
                        " (cited by " (count) ")"
                    }
                }
            }
            details {
                summary { "All origins, in the order of their first use" }
                div.scroll tabindex="0" role="region" aria-labelledby="origins-caption" {
                    table.origins {
                        caption id="origins-caption" { span { "Origins in the order of their first use" } }
                        thead { tr {
                            th scope="col" { "origin" } th scope="col" { "source" } th scope="col" { "document" }
                            th scope="col" { "kind" } th scope="col" { "grade" } th scope="col" { "year" }
                        } }
                        tbody { @for (index, (origin, cited)) in all.iter().enumerate() {
                            (row(document, index + 1, origin, cited))
                        } }
                    }
                }
            }
        }
    }
}

/// Whether what is cited has an address.
fn address(document: &Document, cited: &Cited<'_>) -> bool {
    match cited {
        Cited::Documents(_) => true,
        Cited::Page(method) => document.stamp.file(&method.path).is_some(),
        Cited::Nothing(_) => false,
    }
}

fn row(document: &Document, number: usize, origin: &Origin, cited: &Cited<'_>) -> Markup {
    let anchor = anchor(origin);
    markup! {
        tr id={ "origin-" (anchor) } {
            th scope="row" {
                (number) " "
                a href={ "#use-" (anchor) } aria-label={ "Back to the first use of origin " (number) } { "back" }
            }
            td.source { (origin.source) }
            td.document { @match cited {
                Cited::Documents(all) => { @for (index, r) in all.iter().enumerate() {
                    @if index > 0 { ", " }
                    a href=(r.link.address()) data-doc=(r.key) { (r.link.text()) }
                } },
                Cited::Page(method) => {
                    @match document.stamp.file(&method.path) {
                        Some(address) => { a href=(address) { (method.title) } },
                        None => { (method.title) " (" code { (method.path) } " of the repository)" },
                    }
                },
                Cited::Nothing(why) => { "none: " (why) },
            } }
            td.kind { (origin.kind.name()) }
            td.grade { (origin.grade) }
            td.year { @if let Some(year) = origin.year { (year) } @else { "none" } }
        }
    }
}
