//! The load as a picture.

use std::fmt::Write as _;

use super::server::Trouble;

const WIDTH: usize = 960;
const HEIGHT: usize = 360;
const LEFT: usize = 64;
const RIGHT: usize = 36;
const TOP: usize = 40;
const BOTTOM: usize = 44;
/// Seconds that share a point: the worst of them is shown.
const BIN: usize = 20;
/// Between two lines of the scale.
const GRID: u32 = 200;

/// Requests in the worst second of every 20, over the whole time.
pub fn svg(load: &[u32], trouble: &[Trouble]) -> String {
    let worst = load.iter().max().copied().unwrap_or_default();
    let scale = Scale { seconds: load.len().max(1), top: worst.div_ceil(GRID).max(1) * GRID };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">Questions per second of 100 000 devices that restart at once, interval 15 min; worst second {worst}</text>\n"
    );
    for trouble in trouble {
        stretch(&mut svg, &scale, trouble);
    }
    grid(&mut svg, &scale);
    curve(&mut svg, &scale, load);
    svg.push_str("</svg>\n");
    svg
}

struct Scale {
    seconds: usize,
    top: u32,
}

impl Scale {
    fn x(&self, second: usize) -> usize {
        LEFT + second * (WIDTH - LEFT - RIGHT) / self.seconds
    }

    /// In tenths, so that the curve is smooth.
    fn y(&self, count: u32) -> String {
        let height = u64::try_from((HEIGHT - TOP - BOTTOM) * 10).unwrap_or_default();
        let up = height * u64::from(count) / u64::from(self.top);
        let bottom = u64::try_from((HEIGHT - BOTTOM) * 10).unwrap_or_default();
        let y = bottom.saturating_sub(up);
        format!("{}.{}", y / 10, y % 10)
    }
}

fn stretch(svg: &mut String, scale: &Scale, trouble: &Trouble) {
    let (from, until) = (scale.x(trouble.from), scale.x(trouble.until));
    let (width, height) = (until.saturating_sub(from), HEIGHT - TOP - BOTTOM);
    let _ = writeln!(
        svg,
        "<rect x=\"{from}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\" fill=\"#f6d5d5\"/>\n\
         <text x=\"{}\" y=\"{}\" fill=\"#a33\">{}</text>",
        from + 4,
        TOP + 14,
        trouble.name
    );
}

fn grid(svg: &mut String, scale: &Scale) {
    let right = WIDTH - RIGHT;
    for count in (0..=scale.top).step_by(usize::try_from(GRID).unwrap_or(1)) {
        let y = scale.y(count);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#ccc\"/>\
             <text x=\"{}\" y=\"{y}\" dy=\"4\" text-anchor=\"end\">{count}</text>",
            LEFT - 8
        );
    }
    for minute in (0..=scale.seconds / 60).step_by(30) {
        let x = scale.x(minute * 60);
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{minute} min</text>",
            HEIGHT - BOTTOM + 18
        );
    }
}

fn curve(svg: &mut String, scale: &Scale, load: &[u32]) {
    svg.push_str("<polyline fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.2\" points=\"");
    for (index, seconds) in load.chunks(BIN).enumerate() {
        let worst = seconds.iter().max().copied().unwrap_or_default();
        let _ = write!(svg, "{},{} ", scale.x(index * BIN), scale.y(worst));
    }
    svg.push_str("\"/>\n");
}
