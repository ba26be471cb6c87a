//! Documents that origins cite, found by the words of a source.

use serde::Serialize;

use crate::value::{Origin, Support};

/// Where a document is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Digital object identifier, without resolver.
    Doi(String),
    /// arXiv id.
    Arxiv(String),
    /// Address of a page, with `https`.
    Url(String),
}

impl Link {
    /// The address that a browser opens.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Doi(doi) => format!("https://doi.org/{doi}"),
            Self::Arxiv(id) => format!("https://arxiv.org/abs/{id}"),
            Self::Url(url) => url.clone(),
        }
    }

    /// The link as printed: the identifier, or the host of an address.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Doi(doi) => format!("doi:{doi}"),
            Self::Arxiv(id) => format!("arXiv:{id}"),
            Self::Url(url) => {
                let rest = url.strip_prefix("https://").unwrap_or(url);
                let host = rest.split('/').next().unwrap_or(rest);
                host.strip_prefix("www.").unwrap_or(host).to_owned()
            }
        }
    }

    /// Whether the identifier has the form of its kind.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !"\"<>'".contains(c));
        match self {
            Self::Doi(doi) => {
                let parts = doi.strip_prefix("10.").and_then(|rest| rest.split_once('/'));
                parts.is_some_and(|(registrant, name)| {
                    registrant.len() >= 4 && registrant.chars().all(|c| c.is_ascii_digit()) && plain(name)
                })
            }
            Self::Arxiv(id) => {
                let (number, version) = id.split_once('v').unwrap_or((id, "1"));
                let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
                let parts = number.split_once('.');
                digits(version)
                    && parts.is_some_and(|(a, b)| a.len() == 4 && digits(a) && (4..=5).contains(&b.len()) && digits(b))
            }
            Self::Url(url) => url.strip_prefix("https://").is_some_and(|rest| {
                let host = rest.split('/').next().unwrap_or("");
                plain(rest) && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
            }),
        }
    }
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// Short name, unique.
    pub key: String,
    /// Title.
    pub title: String,
    /// Authors or publisher.
    pub by: String,
    /// Year of publication.
    pub year: u16,
    /// Where it is found.
    #[serde(flatten)]
    pub link: Link,
    /// Words by which a source cites it.
    #[serde(skip)]
    pub cited_as: Vec<String>,
}

/// Why a source that contains certain words has no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    /// The words.
    pub cited_as: Vec<String>,
    /// The reason.
    pub why: String,
}

/// A page of the repository that describes how values are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// Words in the sources of such values.
    pub cited_as: Vec<String>,
    /// Title of the page.
    pub title: String,
    /// Path in the repository.
    pub path: String,
}

/// All documents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bibliography {
    /// Documents.
    pub references: Vec<Reference>,
    /// Sources without a document.
    pub without: Vec<Without>,
    /// Pages on computed values.
    pub methods: Vec<Method>,
}

/// What an origin cites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cited<'a> {
    /// Documents, in the order of the source's text.
    Documents(Vec<&'a Reference>),
    /// A page of the repository.
    Page(&'a Method),
    /// Nothing, with the reason.
    Nothing(&'a str),
}

impl Bibliography {
    /// The document with a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Reference> {
        self.references.iter().find(|r| r.key == key)
    }

    /// What the source of `origin` cites. Values that a model computes cite the page that describes the model, others
    /// documents.
    #[must_use]
    pub fn cited(&self, origin: &Origin) -> Cited<'_> {
        let source = origin.source.as_str();
        let place = |words: &[String]| words.iter().filter_map(|word| source.find(word.as_str())).min();
        let page = || self.methods.iter().find(|m| place(&m.cited_as).is_some());
        let mut found: Vec<(usize, &Reference)> =
            self.references.iter().filter_map(|r| Some((place(&r.cited_as)?, r))).collect();
        found.sort_by_key(|(at, _)| *at);
        let documents: Vec<&Reference> = found.into_iter().map(|(_, r)| r).collect();
        let without = self.without.iter().find(|w| place(&w.cited_as).is_some()).map(|w| w.why.as_str());
        let fallback = if origin.grade == "assumed" {
            "an assumption of this project"
        } else if origin.grade == "user" {
            "chosen for this report, or given on the command line"
        } else if origin.kind == Support::Derived || origin.grade == "derived" {
            "arithmetic on the values of this page"
        } else {
            "the file that gives the value names no document"
        };
        // Computed values may name the publication that they follow; the page that describes the computation says more.
        let computed = matches!(origin.kind, Support::Derived | Support::Calibrated) && source.contains("hardwire ");
        if !computed && !documents.is_empty() {
            return Cited::Documents(documents);
        }
        match (without, page()) {
            (Some(why), _) => Cited::Nothing(why),
            (None, Some(page)) => Cited::Page(page),
            (None, None) if documents.is_empty() => Cited::Nothing(fallback),
            (None, None) => Cited::Documents(documents),
        }
    }
}

/// The grade of an origin in words.
#[must_use]
pub fn grade_in_words(grade: &str) -> &'static str {
    match grade {
        "published" => "stated by a primary source: paper, data sheet, file of the release",
        "vendor-claim" => "a vendor's claim; nobody else has measured it",
        "third-party" => "measured or estimated by a third party",
        "derived" => "computed from values of this page",
        "calibrated" => "fitted so that the model meets a published figure; agreement with that figure proves nothing",
        "assumed" => "our assumption; what rests on it inherits the doubt",
        "unconfirmed" => "unconfirmed report",
        "user" => "given by the user, or chosen for this report",
        _ => "not graded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bibliography() -> Bibliography {
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let reference = |key: &str, cited: &[&str]| Reference {
            key: key.to_owned(),
            title: key.to_owned(),
            by: "x".to_owned(),
            year: 2020,
            link: Link::Url(format!("https://example.org/{key}")),
            cited_as: words(cited),
        };
        Bibliography {
            references: vec![reference("paper", &["the paper", "Table 1"]), reference("cset", &["CSET"])],
            without: vec![Without { cited_as: words(&["press"]), why: "no document".to_owned() }],
            methods: vec![Method {
                cited_as: words(&["hardwire estimate"]),
                title: "costs".to_owned(),
                path: "docs/economics.md".to_owned(),
            }],
        }
    }

    #[test]
    fn links_are_checked_for_form() {
        let good = [
            Link::Doi("10.1145/3470496.3527408".into()),
            Link::Arxiv("2508.16151".into()),
            Link::Arxiv("2508.16151v2".into()),
            Link::Url("https://example.org/a".into()),
        ];
        assert!(good.iter().all(Link::is_well_formed));
        let bad = [
            Link::Doi("1145/3".into()),
            Link::Doi("10.11/".into()),
            Link::Arxiv("2508".into()),
            Link::Arxiv("2508.16151v".into()),
            Link::Url("http://example.org".into()),
            Link::Url("https://nowhere".into()),
            Link::Url("https://a.org/ b".into()),
        ];
        assert!(bad.iter().all(|l| !l.is_well_formed()), "{bad:?}");
        assert_eq!(Link::Url("https://www.a.org/b/c".into()).text(), "a.org");
    }

    #[test]
    fn sources_name_their_documents() {
        let b = bibliography();
        let origin = |kind, grade: &str, source: &str| Origin {
            kind,
            grade: grade.to_owned(),
            source: source.to_owned(),
            year: None,
        };
        let keys = |origin: &Origin| match b.cited(origin) {
            Cited::Documents(all) => all.iter().map(|r| r.key.clone()).collect::<Vec<_>>(),
            Cited::Page(page) => vec![page.path.clone()],
            Cited::Nothing(why) => vec![why.to_owned()],
        };
        assert_eq!(keys(&origin(Support::Input, "published", "CSET, used by the paper")), ["cset", "paper"]);
        assert_eq!(keys(&origin(Support::Input, "third-party", "press: 40")), ["no document"]);
        assert_eq!(keys(&Origin::derived("as the paper does; hardwire estimate")), ["docs/economics.md"]);
        assert_eq!(keys(&origin(Support::Input, "assumed", "cost of capital")), ["an assumption of this project"]);
    }
}
