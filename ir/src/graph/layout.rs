//! Layered drawing of a graph without cycles, after Sugiyama, Tagawa and Toda (IEEE Trans. SMC 11, 1981): layers by
//! longest path, invisible nodes where an edge crosses a layer, order within layers by barycentres, positions by moving each node
//! towards its neighbours. Deterministic; sizes in pixels.

/// A box to be placed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

/// Positions of boxes and edges.
#[derive(Debug)]
pub(super) struct Layout {
    pub width: f64,
    pub height: f64,
    /// Centre of each box.
    pub centres: Vec<(f64, f64)>,
    /// Points of each edge, from box to box.
    pub edges: Vec<Vec<(f64, f64)>>,
}

const GAP: f64 = 18.0;
const LAYER_GAP: f64 = 34.0;
const MARGIN: f64 = 16.0;
const SWEEPS: usize = 12;
const PULLS: usize = 24;

struct Item {
    layer: usize,
    width: f64,
    up: Vec<usize>,
    down: Vec<usize>,
    x: f64,
}

/// Places boxes; `edges` lead from lower to higher indices.
pub(super) fn place(sizes: &[Size], edges: &[(usize, usize)]) -> Layout {
    let layer = layers(sizes.len(), edges);
    let mut items: Vec<Item> = (0..sizes.len())
        .map(|i| Item { layer: layer[i], width: sizes[i].width, up: Vec::new(), down: Vec::new(), x: 0.0 })
        .collect();
    // One chain of invisible nodes per producer, shared by its edges.
    let mut chains: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
    let mut routes: Vec<Vec<usize>> = Vec::with_capacity(edges.len());
    for &(from, to) in edges {
        let mut route = vec![from];
        for (step, on) in (layer[from] + 1..layer[to]).enumerate() {
            if step == chains[from].len() {
                let new = items.len();
                let before = *route.last().expect("the route has begun");
                items.push(Item { layer: on, width: 6.0, up: vec![before], down: Vec::new(), x: 0.0 });
                items[before].down.push(new);
                chains[from].push(new);
            }
            route.push(chains[from][step]);
        }
        let before = *route.last().expect("the route has begun");
        items[before].down.push(to);
        items[to].up.push(before);
        route.push(to);
        routes.push(route);
    }
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); items.iter().map(|i| i.layer + 1).max().unwrap_or(0)];
    for (index, item) in items.iter().enumerate() {
        rows[item.layer].push(index);
    }
    order(&items, &mut rows);
    pull(&mut items, &rows);

    let left = items.iter().map(|i| i.x - i.width / 2.0).fold(f64::INFINITY, f64::min);
    let right = items.iter().map(|i| i.x + i.width / 2.0).fold(f64::NEG_INFINITY, f64::max);
    let mut tops = Vec::new();
    let mut y = MARGIN;
    for row in &rows {
        let height = row.iter().filter_map(|&i| sizes.get(i)).map(|s| s.height).fold(8.0, f64::max);
        tops.push((y, height));
        y += height + LAYER_GAP;
    }
    let x = |item: usize| items[item].x - left + MARGIN;
    let middle = |item: usize| tops[items[item].layer].0 + tops[items[item].layer].1 / 2.0;
    let lines = routes.iter().map(|route| {
        let last = route.len() - 1;
        let mut points = Vec::new();
        for (step, &item) in route.iter().enumerate() {
            let half = sizes.get(item).map_or(0.0, |s| s.height / 2.0);
            match step {
                0 => points.push((x(item), middle(item) + half)),
                _ if step == last => points.push((x(item), middle(item) - half)),
                _ => {
                    let (top, height) = tops[items[item].layer];
                    points.extend([(x(item), top), (x(item), top + height)]);
                }
            }
        }
        points
    });
    Layout {
        width: if items.is_empty() { 2.0 * MARGIN } else { right - left + 2.0 * MARGIN },
        height: (y - LAYER_GAP + MARGIN).max(2.0 * MARGIN),
        edges: lines.collect(),
        centres: (0..sizes.len()).map(|i| (x(i), middle(i))).collect(),
    }
}

/// Layers by longest path from a source. Then, last first, nodes with no more producers than consumers move down to their
/// consumers, which shortens edges. Nodes without edges come last.
fn layers(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut sorted = edges.to_vec();
    sorted.sort_unstable();
    let mut layer = vec![0; count];
    let mut degrees = vec![(0usize, 0usize); count];
    for &(from, to) in &sorted {
        layer[to] = layer[to].max(layer[from] + 1);
        degrees[to].0 += 1;
        degrees[from].1 += 1;
    }
    let last = layer.iter().copied().max().unwrap_or(0);
    // Edges of one producer lie together; producers come behind their consumers.
    let mut end = sorted.len();
    for node in (0..count).rev() {
        let start = sorted[..end].partition_point(|e| e.0 < node);
        let lowest = sorted[start..end].iter().map(|e| layer[e.1]).min();
        end = start;
        let (producers, consumers) = degrees[node];
        match lowest {
            Some(lowest) if producers <= consumers => layer[node] = lowest - 1,
            None if producers == 0 => layer[node] = last,
            _ => {}
        }
    }
    layer
}

/// Sorts each row by the mean place of its neighbours above, then below, in turn.
fn order(items: &[Item], rows: &mut [Vec<usize>]) {
    let mut place = vec![0.0; items.len()];
    let mark = |row: &[usize], place: &mut [f64]| {
        for (i, &item) in row.iter().enumerate() {
            place[item] = (i as f64 + 0.5) / row.len() as f64;
        }
    };
    rows.iter().for_each(|row| mark(row, &mut place));
    let count = rows.len();
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 0..count {
            let row = &mut rows[if down { step } else { count - 1 - step }];
            let key = |item: usize| {
                let near = if down { &items[item].up } else { &items[item].down };
                if near.is_empty() {
                    place[item]
                } else {
                    near.iter().map(|&n| place[n]).sum::<f64>() / near.len() as f64
                }
            };
            let mut keyed: Vec<(f64, usize)> = row.iter().map(|&i| (key(i), i)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            *row = keyed.into_iter().map(|k| k.1).collect();
            let row = row.clone();
            mark(&row, &mut place);
        }
    }
}

/// Pulls nodes towards the mean of their neighbours, keeping order and gaps.
fn pull(items: &mut [Item], rows: &[Vec<usize>]) {
    for row in rows {
        let mut x = 0.0;
        for &item in row {
            items[item].x = x + items[item].width / 2.0;
            x += items[item].width + GAP;
        }
        // Centre the row.
        for &item in row {
            items[item].x -= x / 2.0;
        }
    }
    for round in 0..PULLS {
        for step in 0..rows.len() {
            let row = &rows[if round % 2 == 0 { step } else { rows.len() - 1 - step }];
            let wish: Vec<f64> = row
                .iter()
                .map(|&item| {
                    let near = items[item].up.iter().chain(&items[item].down);
                    let (sum, count) = near.fold((0.0, 0.0), |(s, c), &n| (s + items[n].x, c + 1.0));
                    if count > 0.0 { sum / count } else { items[item].x }
                })
                .collect();
            spread(items, row, &wish);
        }
    }
}

/// Places a row as near to the wanted positions as order and gaps allow: the mean of packing from the left and from the
/// right.
fn spread(items: &mut [Item], row: &[usize], wish: &[f64]) {
    let gap = |a: &Item, b: &Item| (a.width + b.width) / 2.0 + GAP;
    let mut from_left = wish.to_vec();
    for i in 1..row.len() {
        from_left[i] = from_left[i].max(from_left[i - 1] + gap(&items[row[i - 1]], &items[row[i]]));
    }
    let mut from_right = wish.to_vec();
    for i in (0..row.len().saturating_sub(1)).rev() {
        from_right[i] = from_right[i].min(from_right[i + 1] - gap(&items[row[i]], &items[row[i + 1]]));
    }
    for (i, &item) in row.iter().enumerate() {
        items[item].x = (from_left[i] + from_right[i]) / 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_do_not_overlap_and_edges_lead_down() {
        let sizes = vec![Size { width: 80.0, height: 30.0 }; 9];
        let edges = [(0, 2), (1, 2), (2, 3), (2, 4), (2, 5), (3, 6), (4, 6), (0, 6), (5, 7), (6, 8), (1, 8)];
        let layout = place(&sizes, &edges);
        for (i, a) in layout.centres.iter().enumerate() {
            assert!(a.0 >= 40.0 && a.0 <= layout.width - 40.0 && a.1 >= 15.0 && a.1 <= layout.height - 15.0);
            for b in &layout.centres[i + 1..] {
                assert!((a.0 - b.0).abs() >= 80.0 || (a.1 - b.1).abs() >= 30.0, "{a:?} {b:?}");
            }
        }
        for (line, &(from, to)) in layout.edges.iter().zip(&edges) {
            assert!(line.windows(2).all(|w| w[0].1 <= w[1].1));
            assert_eq!(line[0].0, layout.centres[from].0);
            assert_eq!(line[line.len() - 1].0, layout.centres[to].0);
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let layout = place(&[], &[]);
        assert!(layout.width > 0.0 && layout.height > 0.0 && layout.centres.is_empty());
    }
}
