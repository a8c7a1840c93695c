//! From a policy's text to grants, or to every mistake in it.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use super::{
    Policy,
    grant::{BindGrant, Grant, Permissions},
    mistake::Mistake,
};

type Key<'a> = Spanned<DeString<'a>>;
type Item<'a> = Spanned<DeValue<'a>>;

/// The only key of the file itself.
const GRANT: &str = "grant";

/// Reads a policy. Strict: a key or value that is not understood is a mistake, and a policy with a mistake
/// grants nothing.
pub fn parse(text: &str) -> Result<Policy, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let syntax: Vec<Mistake> = errors.iter().map(|e| Mistake::at(text, e.span(), e.message())).collect();
    if !syntax.is_empty() {
        return Err(syntax);
    }
    let mut reader = Reader { text, mistakes: Vec::new(), seen: BTreeSet::new(), binds: Vec::new() };
    let grants = reader.document(document.into_inner());
    reader.no_bind_below_another();
    if reader.mistakes.is_empty() { Ok(Policy { grants }) } else { Err(reader.sorted()) }
}

struct Reader<'a> {
    text: &'a str,
    mistakes: Vec<Mistake>,
    seen: BTreeSet<(u64, String, String)>,
    /// All paths that are granted, with their lines.
    binds: Vec<(BindGrant, usize)>,
}

impl<'a> Reader<'a> {
    fn sorted(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|mistake| mistake.line);
        self.mistakes
    }

    fn mistake(&mut self, span: std::ops::Range<usize>, problem: impl Into<String>) {
        self.mistakes.push(Mistake::at(self.text, Some(span), problem));
    }

    fn document(&mut self, document: DeTable<'a>) -> Vec<Grant> {
        let mut grants = Vec::new();
        for (key, item) in document {
            match item.get_ref() {
                DeValue::Array(_) if key.get_ref() == GRANT => grants.extend(self.grants(item)),
                _ => self.mistake(
                    key.span(),
                    format!("{} is not understood: a policy is made of [[grant]] tables", key.get_ref()),
                ),
            }
        }
        grants
    }

    fn grants(&mut self, item: Item<'a>) -> Vec<Grant> {
        let DeValue::Array(tables) = item.into_inner() else { return Vec::new() };
        tables.into_iter().filter_map(|table| self.grant(table)).collect()
    }

    fn grant(&mut self, item: Item<'a>) -> Option<Grant> {
        let span = item.span();
        let DeValue::Table(mut table) = item.into_inner() else {
            self.mistake(span, "a grant is a table");
            return None;
        };
        let app = self.required(&mut table, "app", &span);
        let service = self.required(&mut table, "service", &span);
        let image = self.required(&mut table, "image", &span);
        let allows = self.permissions(table, &span)?;
        let grant = Grant { app: app?, service: service?, image: image?, allows };
        let subject = (grant.app.get(), grant.service.to_string(), grant.image.to_string());
        if self.seen.insert(subject) {
            return Some(grant);
        }
        self.mistake(span, "there is a grant for this app, service and image already: put both into one");
        None
    }

    fn required<T: Deserialize<'a>>(
        &mut self,
        table: &mut DeTable<'a>,
        name: &'static str,
        grant: &std::ops::Range<usize>,
    ) -> Option<T> {
        let Some(item) = table.remove(name) else {
            self.mistake(grant.clone(), format!("a grant needs `{name}`"));
            return None;
        };
        let span = item.span();
        T::deserialize(ValueDeserializer::from(item))
            .map_err(|error| self.mistake(span, format!("{name}: {}", error.message())))
            .ok()
    }

    /// Key by key first, so that each mistake is found and has its line.
    fn permissions(&mut self, table: DeTable<'a>, span: &std::ops::Range<usize>) -> Option<Permissions> {
        let before = self.mistakes.len();
        if table.is_empty() {
            self.mistake(span.clone(), "the grant allows nothing: name what it allows");
        }
        for (key, item) in &table {
            match alone(key.clone(), item.clone()) {
                Ok(one) => self.paths(&one, item),
                Err(error) => {
                    self.mistake(key.span(), format!("{}: {}", key.get_ref(), error.message()));
                }
            }
        }
        if self.mistakes.len() > before {
            return None;
        }
        read(table, span.clone()).map_err(|error| self.mistake(span.clone(), error.message())).ok()
    }

    fn paths(&mut self, one: &Permissions, item: &Item<'a>) {
        let line = Mistake::at(self.text, Some(item.span()), "").line;
        self.binds.extend(one.binds.iter().map(|bind| (bind.clone(), line)));
    }

    /// Whoever can write in a granted folder can put a symlink to anywhere below it.
    fn no_bind_below_another(&mut self) {
        for (inner, line) in &self.binds {
            let above =
                self.binds.iter().find(|(outer, _)| !outer.read_only && inner.source.is_below(&outer.source));
            if let Some((outer, _)) = above {
                let problem = format!(
                    "binds: {} lies below {}, in which an app can plant a symlink: grant that one read-only, or only one of them",
                    inner.source, outer.source
                );
                self.mistakes.push(Mistake { line: *line, problem });
            }
        }
    }
}

fn alone<'a>(key: Key<'a>, item: Item<'a>) -> Result<Permissions, toml::de::Error> {
    let span = item.span();
    let mut table = DeTable::new();
    table.insert(key, item);
    read(table, span)
}

fn read(table: DeTable<'_>, span: std::ops::Range<usize>) -> Result<Permissions, toml::de::Error> {
    Permissions::deserialize(ValueDeserializer::from(Spanned::new(span, DeValue::Table(table))))
}
