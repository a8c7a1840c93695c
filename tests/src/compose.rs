//! Compose files of test apps.

/// One service that keeps its starts in /data; `extra` are more lines of the service.
pub fn one_service(image: &str, extra: &[&str]) -> String {
    let image = format!("image: {image}");
    let mut lines = vec!["services:", "  main:"];
    let service = std::iter::once(image.as_str()).chain(extra.iter().copied());
    let indented: Vec<String> = service.map(|line| format!("    {line}")).collect();
    lines.extend(indented.iter().map(String::as_str));
    lines.join("\n") + "\n"
}
