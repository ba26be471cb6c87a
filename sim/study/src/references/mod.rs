//! The documents that sources cite, from the table that is embedded in the command.

use reports::reference::{Bibliography, Link, Method, Reference, Without};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    reference: Vec<Entry>,
    without: Vec<Reason>,
    method: Vec<Page>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    title: String,
    by: String,
    year: u16,
    doi: Option<String>,
    arxiv: Option<String>,
    url: Option<String>,
    cited_as: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    cited_as: Vec<String>,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    cited_as: Vec<String>,
    title: String,
    path: String,
}

/// The documents.
///
/// # Panics
/// Never: a test reads the embedded table.
#[must_use]
pub fn references() -> Bibliography {
    let file: File = toml::from_str(include_str!("references.toml")).expect("the embedded table is valid");
    let reference = |e: Entry| {
        let link = match (e.doi, e.arxiv, e.url) {
            (Some(doi), None, None) => Link::Doi(doi),
            (None, Some(id), None) => Link::Arxiv(id),
            (None, None, Some(url)) => Link::Url(url),
            _ => panic!("{} has one of doi, arxiv and url", e.key),
        };
        Reference { key: e.key, title: e.title, by: e.by, year: e.year, link, cited_as: e.cited_as }
    };
    Bibliography {
        references: file.reference.into_iter().map(reference).collect(),
        without: file.without.into_iter().map(|r| Without { cited_as: r.cited_as, why: r.why }).collect(),
        methods: file
            .method
            .into_iter()
            .map(|p| Method { cited_as: p.cited_as, title: p.title, path: p.path })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::references;

    #[test]
    fn every_document_has_a_link_of_valid_form_and_a_key_of_its_own() {
        let all = references();
        let keys: BTreeSet<&str> = all.references.iter().map(|r| r.key.as_str()).collect();
        assert_eq!(keys.len(), all.references.len());
        for r in &all.references {
            assert!(r.link.is_well_formed(), "{}: {:?}", r.key, r.link);
            assert!(!r.title.is_empty() && !r.by.is_empty() && !r.cited_as.is_empty(), "{}", r.key);
        }
    }

    #[test]
    fn every_page_on_a_method_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for page in references().methods {
            assert!(root.join(&page.path).is_file(), "{}", page.path);
        }
    }
}
