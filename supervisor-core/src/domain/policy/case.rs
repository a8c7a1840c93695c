//! The decision about one service, as it is being made.

use serde_json::{Value, json};
use supervisor_proto::{
    ids::{AppId, ServiceName},
    policy::{Permissions, Repository},
};

use super::{
    Judge, Refusal,
    shape::{is_texts, texts},
    wish::Wish,
};

/// So many refusals tell enough; a hostile target could have any number.
pub(super) const MAX_REFUSALS: usize = 100;

/// What is decided about, with what, and what has been refused so far.
pub(super) struct Case<'a> {
    pub(super) judge: Judge<'a>,
    /// None: what is decided about belongs to an app without services, which has no grants.
    pub(super) service: Option<&'a ServiceName>,
    image: String,
    /// Without a repository no grant can be written.
    grantable: bool,
    grants: Vec<&'a Permissions>,
    refusals: Vec<Refusal>,
}

/// Decides about one key of an object.
pub(super) type Decide = fn(&mut Case<'_>, key: &str, value: &Value);

impl<'a> Case<'a> {
    pub(super) fn new(
        judge: Judge<'a>,
        service: Option<&'a ServiceName>,
        image: &str,
        repository: Option<Repository>,
        grants: Vec<&'a Permissions>,
    ) -> Self {
        let grantable = repository.is_some();
        let image = repository.map_or_else(|| image.to_owned(), |repository| repository.to_string());
        Self { judge, service, image, grantable, grants, refusals: Vec::new() }
    }

    pub(super) fn app(&self) -> AppId {
        self.judge.requests.app
    }

    pub(super) fn into_refusals(self) -> Vec<Refusal> {
        self.refusals
    }

    /// Whether one of the owner's grants says so.
    pub(super) fn granted(&self, says: impl Fn(&Permissions) -> bool) -> bool {
        self.grants.iter().any(|grant| says(grant))
    }

    fn push(&mut self, field: String, why: String, wish: Option<Wish>) {
        let wish = wish.filter(|_| self.grantable);
        let refusal = Refusal {
            app: self.app(),
            service: self.service.cloned(),
            image: self.image.clone(),
            field,
            why,
            wish,
        };
        if self.refusals.len() < MAX_REFUSALS && !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    fn path(&self, field: &str) -> String {
        self.service.map_or_else(|| field.to_owned(), |service| format!("services.{service}.{field}"))
    }

    /// Refuses something that the owner could grant.
    pub(super) fn needs(
        &mut self,
        field: &str,
        why: impl Into<String>,
        key: &'static str,
        value: impl Into<Value>,
    ) {
        let field = self.path(field);
        self.push(field, why.into(), Some(Wish { key, value: value.into() }));
    }

    /// Refuses something that nobody can grant.
    pub(super) fn never(&mut self, field: &str, why: impl Into<String>) {
        let field = self.path(field);
        self.push(field, why.into(), None);
    }

    /// Refuses a field of the engine's that is not known here.
    pub(super) fn unknown(&mut self, key: &str) {
        self.never(key, "the policy does not know this field of the engine");
    }

    /// Refuses a known field whose value is not of the shape it should be.
    pub(super) fn expect(&mut self, key: &str, is_as_expected: bool) {
        if !is_as_expected {
            self.never(key, "the policy does not know a value of this form");
        }
    }

    /// Decides about every key of an object.
    pub(super) fn each(&mut self, name: &str, value: &Value, decide: Decide) {
        match value.as_object() {
            Some(fields) => fields.iter().for_each(|(key, value)| decide(self, key, value)),
            None => self.expect(name, false),
        }
    }

    /// Refuses those texts of a list that are neither `open` to everybody nor granted.
    pub(super) fn each_granted(
        &mut self,
        field: &'static str,
        value: &Value,
        open: &[&str],
        says: impl Fn(&Permissions, &str) -> bool,
    ) {
        self.expect(field, is_texts(value));
        let allowed = |text: &str| open.contains(&text) || self.granted(|grant| says(grant, text));
        let refused: Vec<&str> = texts(value).filter(|text| !allowed(text)).collect();
        if !refused.is_empty() {
            self.needs(
                field,
                format!("{} needs the owner's grant", refused.join(", ")),
                field,
                json!(refused),
            );
        }
    }
}
