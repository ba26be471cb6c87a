//! Changes of a design as a user states them.

use designs::{Override, Problems};

/// Parses `PATH=VALUE` changes. `grid=4x4` stands for `grid.rows=4` and `grid.columns=4`.
///
/// # Errors
/// At the first that is no change.
pub fn changes(arguments: &[String]) -> Result<Vec<Override>, Problems> {
    let mut all = Vec::new();
    for argument in arguments {
        match grid(argument) {
            Some((rows, columns)) => {
                all.push(Override::parse(&format!("grid.rows={rows}"))?);
                all.push(Override::parse(&format!("grid.columns={columns}"))?);
            }
            None => all.push(Override::parse(argument)?),
        }
    }
    Ok(all)
}

/// Rows and columns of `grid=ROWSxCOLUMNS`.
fn grid(argument: &str) -> Option<(u32, u32)> {
    let (path, value) = argument.split_once('=')?;
    let (rows, columns) = value.split_once(['x', 'X'])?;
    let number = |text: &str| text.trim().parse().ok();
    (path.trim() == "grid").then_some((number(rows)?, number(columns)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_stated_at_once() {
        let paths = |argument: &str| -> Vec<String> {
            changes(&[argument.to_owned()]).unwrap().iter().map(Override::path).collect()
        };
        for grid in ["grid=4x4", "grid = 4 x 4", "grid=4X4"] {
            assert_eq!(paths(grid), ["grid.rows", "grid.columns"], "{grid}");
        }
        assert_eq!(paths("grid=4"), ["grid"]);
        assert_eq!(paths("grid.rows=4"), ["grid.rows"]);
        assert!(changes(&["grid".to_owned()]).is_err());
    }
}
