//! What the page is made of, compressed into the program when it was built.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web,
};

use super::page;

// `VERSION`, `PAGE`, `GONE_PAGE` and `ASSETS`, by the build script.
include!(concat!(env!("OUT_DIR"), "/terminal_assets.rs"));

struct Asset {
    name: &'static str,
    content_type: &'static str,
    /// Compressed by gzip, which every browser reads.
    gzip: &'static [u8],
}

/// `GET /assets/<version>/<name>`: the version is of the content, so a browser may keep it for ever.
pub(super) async fn get(path: web::Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let (version, name) = path.into_inner();
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name && version == VERSION) else {
        return page::gone().await;
    };
    let tag = format!("\"{VERSION}\"");
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag)).insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    if known {
        return answer.finish();
    }
    answer
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CONTENT_ENCODING, "gzip"))
        .body(asset.gzip)
}
