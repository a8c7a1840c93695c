//! The README's table of the API and the routes say the same.

use std::collections::BTreeSet;

use supervisor_docs::{README, rows, words};

use super::ROUTES;

/// What can be called.
type Call = (String, String);

/// The calls of a cell such as `POST`, `DELETE /v1/a` or `POST /v1/a/<appId>/stop`, `/start`: methods before
/// a path are all for it, and what stands behind it is another path or another end of it.
fn calls_of(cell: &str) -> Vec<Call> {
    let (mut calls, mut methods, mut path) = (Vec::new(), Vec::new(), String::new());
    let mut is_complete = false;
    for word in words(cell).into_iter().flat_map(str::split_whitespace) {
        if let Some(end) = word.strip_prefix('/') {
            let is_whole = path.is_empty() || word.starts_with("/v");
            path = if is_whole { word.to_owned() } else { [parent(&path), end].join("/") };
            calls.extend(methods.iter().map(|method: &&str| ((*method).to_owned(), path.clone())));
            is_complete = true;
        } else {
            if std::mem::take(&mut is_complete) {
                methods.clear();
            }
            methods.push(word);
        }
    }
    calls
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').unwrap().0
}

#[test]
fn table_of_the_readme_has_exactly_the_routes_and_their_methods() {
    let rows = rows(README, ["route", "body", "success", "otherwise"]);
    let listed: Vec<Call> = rows.into_iter().flat_map(|[route, ..]| calls_of(route)).collect();
    let documented: BTreeSet<&Call> = listed.iter().collect();
    assert_eq!(documented.len(), listed.len(), "a call stands there twice");
    let implied = |method: &&str| !matches!(*method, "HEAD" | "OPTIONS");
    let served: BTreeSet<Call> = ROUTES
        .iter()
        .flat_map(|route| route.allow.split(", ").filter(implied).map(|method| (method, route.path)))
        .map(|(method, path)| (method.to_owned(), path.replace("{app_id}", "<appId>")))
        .collect();
    assert_eq!(documented, served.iter().collect());
}

#[test]
fn cell_of_several_calls_is_read_as_people_read_it() {
    let call = |method: &str, path: &str| (method.to_owned(), path.to_owned());
    assert_eq!(calls_of("`POST`, `DELETE /v1/a`"), [call("POST", "/v1/a"), call("DELETE", "/v1/a")]);
    assert_eq!(calls_of("`POST /v1/a/b`, `/c`"), [call("POST", "/v1/a/b"), call("POST", "/v1/a/c")]);
    assert_eq!(calls_of("`GET /v1/a`, `POST /v2/b`"), [call("GET", "/v1/a"), call("POST", "/v2/b")]);
}
