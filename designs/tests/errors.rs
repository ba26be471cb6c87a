//! What a user reads after a mistake: whole reports, word for word.

use std::collections::BTreeMap;

use designs::{Design, Grade, Override, Unreadable, load, presets, show};

fn no_such_file() -> Unreadable {
    Unreadable("no such file".to_owned())
}

/// Loads the first of some files, each a path and its text.
fn load_files(files: &[(&str, &str)], overrides: &[&str]) -> Result<Design, String> {
    let files: BTreeMap<&str, &str> = files.iter().copied().collect();
    let loader = |path: &str| files.get(path).map(|text| (*text).to_owned()).ok_or_else(no_such_file);
    let mut parsed = Vec::new();
    for text in overrides {
        parsed.push(Override::parse(text).map_err(|problems| problems.to_string())?);
    }
    load::design("my.toml", &parsed, &loader).map_err(|problems| problems.to_string())
}

/// The report on a file that extends the preset.
fn report(text: &str) -> String {
    load_files(&[("my.toml", &format!("extends = \"hnlpu\"\n{text}"))], &[]).expect_err("must be refused")
}

fn with(overrides: &[&str]) -> Result<Design, String> {
    load_files(&[("my.toml", "extends = \"hnlpu\"\n")], overrides)
}

#[test]
fn an_unknown_key_names_the_near_one() {
    assert_eq!(
        report("[chip]\nclokc = \"1 GHz\"\n"),
        "my.toml:3:1: unknown key `chip.clokc`\n    help: did you mean `clock`?"
    );
    assert_eq!(report("[grd]\nrows = 2\n"), "my.toml:2:2: unknown key `grd`\n    help: did you mean `grid`?");
    assert_eq!(
        report("[grid]\nzebra = 2\n"),
        "my.toml:3:1: unknown key `grid.zebra`\n    help: known here: columns, rows"
    );
    assert_eq!(
        report("[grid]\nclock = \"1 GHz\"\n"),
        "my.toml:3:1: unknown key `grid.clock`\n    help: did you mean `chip.clock`?"
    );
    assert_eq!(
        report("chip.clock = { value = \"1 GHz\", sourc = \"me\" }\n"),
        "my.toml:2:33: unknown key `chip.clock.sourc`\n    help: did you mean `source`?"
    );
}

#[test]
fn a_quantity_says_what_is_wrong_with_it() {
    for (text, wanted) in [
        ("chip.clock = 12", "`chip.clock` needs a unit\n    help: e.g. \"1.0 GHz\""),
        ("chip.clock = \"12\"", "`chip.clock` needs a unit\n    help: e.g. \"1.0 GHz\""),
        ("chip.clock = \"-1 GHz\"", "`chip.clock` is -1 GHz; it must be at least 1 MHz and at most 10 GHz"),
        ("chip.clock = \"0 Hz\"", "`chip.clock` is 0 Hz; it must be at least 1 MHz and at most 10 GHz"),
        (
            "chip.clock = \"10 ns\"",
            "`chip.clock` must be a frequency, and \"10 ns\" is a time\n    help: e.g. \"1.0 GHz\"",
        ),
        ("chip.clock = \"1 Ghz\"", "`chip.clock` has the unknown unit `Ghz`\n    help: did you mean `GHz`?"),
        ("chip.clock = [1]", "`chip.clock` must be a frequency, not an array\n    help: e.g. \"1.0 GHz\""),
    ] {
        assert_eq!(report(text), format!("my.toml:2:14: {wanted}"), "{text}");
    }
}

#[test]
fn counts_shares_and_words_keep_their_bounds() {
    for (text, wanted) in [
        ("grid.rows = 0", "13: `grid.rows` is 0; it must be at least 1 and at most 64"),
        ("grid.rows = 2.5", "13: `grid.rows` must be a whole number, not 2.5"),
        ("attention_buffer.efficiency = 0", "31: `attention_buffer.efficiency` is 0; it must be above 0 and at most 1"),
        (
            "attention_buffer.efficiency = nan",
            "31: `attention_buffer.efficiency` is NaN, which is not a number to compute with",
        ),
        (
            "mapping.collective = \"rign\"",
            "22: `mapping.collective` is \"rign\", which is not known\n    help: did you mean `ring`?",
        ),
        (
            "mapping.sliding_windows = true",
            "27: `mapping.sliding_windows` must be one of the words below, not true or false\n    \
             help: known here: honoured, ignored",
        ),
        ("grid = { rows = 64, columns = 64 }", "17: `grid` has 64 x 64 chips; at most 1024"),
        ("chip = 3", "8: `chip` is a section, not a number\n    help: write e.g. `chip.clock = ...`"),
        (
            "model = \"gpt-oss-12b\"",
            "9: `model`: there is no preset `gpt-oss-12b`\n    help: did you mean `gpt-oss-120b`?; a file is given as a path that ends in .json",
        ),
        (
            "grid.rows = { value = 4, grade = \"publishd\" }",
            "34: `grid.rows.grade` is \"publishd\", which is not known\n    help: did you mean `published`?",
        ),
        ("grid.rows = { source = \"me\" }", "13: `grid.rows` must be a whole number, not a table"),
    ] {
        assert_eq!(report(text), format!("my.toml:2:{wanted}"), "{text}");
    }
    let halving = report("grid.rows = 3\nmapping.collective = \"halving-doubling\"");
    assert!(halving.starts_with("my.toml:3:22: `mapping.collective` is halving-doubling, which needs"), "{halving}");
}

#[test]
fn all_problems_come_in_one_report() {
    assert_eq!(
        report("[grid]\nrows = -1\n[chip]\nclokc = \"1 GHz\"\n[hbm]\nstacks = \"eight\"\n[area]\nvex = \"3 W\"\n"),
        "my.toml:3:8: `grid.rows` is -1; it must be at least 1 and at most 64\n\
         my.toml:5:1: unknown key `chip.clokc`\n    help: did you mean `clock`?\n\
         my.toml:7:10: `hbm.stacks` must be a whole number, not a text\n\
         my.toml:9:7: `area.vex` must be an area, and \"3 W\" is a power\n    help: e.g. \"573.16 mm2\""
    );
}

#[test]
fn missing_keys_are_listed_by_section() {
    let text = presets::designs()[0].text.replace("\nclock = ", "\nclokc = ").replace("\nbanks = ", "\n# banks = ");
    let report = load_files(&[("my.toml", &text)], &[]).unwrap_err();
    assert!(report.contains("section `attention_buffer`: missing key `banks`"), "{report}");
    assert!(report.contains("section `chip`: missing key `clock`"), "{report}");
    assert!(report.contains("unknown key `chip.clokc`"), "{report}");
    let empty = load_files(&[("my.toml", "")], &[]).unwrap_err();
    assert!(empty.contains("missing keys `summary`, `model`, `node`"), "{empty}");
    assert!(empty.contains("section `grid`: missing keys `rows`, `columns`"), "{empty}");
}

#[test]
fn syntax_errors_have_their_place() {
    let report = report("[chip\nclock = \"1 GHz\"\n");
    assert!(report.starts_with("my.toml:2:6: not valid TOML: "), "{report}");
}

#[test]
fn extends_never_loops_and_never_guesses() {
    let error = |files: &[(&str, &str)]| load_files(files, &[]).unwrap_err();
    assert_eq!(
        error(&[("my.toml", "extends = \"my.toml\"")]),
        "my.toml:1:11: `my.toml` extends itself: my.toml -> my.toml"
    );
    assert_eq!(
        error(&[("my.toml", "extends = \"a/b.toml\""), ("a/b.toml", "extends = \"../my.toml\"")]),
        "a/b.toml:1:11: `a/../my.toml` extends itself: my.toml -> a/b.toml -> a/../my.toml"
    );
    assert_eq!(
        error(&[("my.toml", "extends = \"hnplu\"")]),
        "my.toml:1:11: there is no preset `hnplu`\n    \
         help: did you mean `hnlpu`?; a file is given as a path that ends in .toml"
    );
    assert_eq!(error(&[("my.toml", "extends = \"gone.toml\"")]), "my.toml:1:11: cannot read `gone.toml`: no such file");
    assert_eq!(error(&[("my.toml", "extends = 3")]), "my.toml:1:11: `extends` must be a text, not a number");
    let names: Vec<(String, String)> =
        (0..20).map(|i| (format!("{i}.toml"), format!("extends = \"{}.toml\"", i + 1))).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("my.toml", "extends = \"0.toml\""));
    assert!(error(&files).contains("more than 16 texts extend one another: my.toml -> 0.toml -> "));
}

#[test]
fn overrides_are_checked_like_files() {
    assert_eq!(
        with(&["chip.clokc=1.2GHz"]).unwrap_err(),
        "--set chip.clokc=1.2GHz:1:6: unknown key `chip.clokc`\n    help: did you mean `clock`?"
    );
    assert_eq!(
        with(&["chip.clock=fast", "grid.rows=0"]).unwrap_err(),
        "--set chip.clock=fast:1:12: `chip.clock` is \"fast\", which does not start with a number\n    \
         help: write a frequency, e.g. \"1.0 GHz\"\n\
         --set grid.rows=0:1:11: `grid.rows` is 0; it must be at least 1 and at most 64"
    );
    assert_eq!(
        with(&["chip=1"]).unwrap_err(),
        "--set chip=1:1:6: `chip` is a section, not a number\n    help: write e.g. `chip.clock = ...`"
    );
    assert_eq!(
        with(&["chip.clock"]).unwrap_err(),
        "--set chip.clock:1:1: an override needs a `=` between path and value\n    \
         help: write e.g. `--set chip.clock=1.2GHz`"
    );
}

#[test]
fn every_change_brings_its_own_provenance() {
    let text = "extends = \"hnlpu\"\n[grid]\nrows = 2\n";
    let text = format!("{text}columns = {{ value = 2, source = \"a talk\", grade = \"vendor-claim\", year = 2025 }}\n");
    let design = load_files(&[("my.toml", &text)], &["chip.clock=1.2GHz", "chip.clock = \"1.3 GHz\""]).unwrap();
    assert_eq!((design.grid.rows, design.grid.columns, design.clock.hz()), (2, 2, 1_300_000_000));
    let origin = |path: &str| {
        let provenance = &design.provenance[path];
        (provenance.source.as_str(), provenance.grade, provenance.year)
    };
    assert_eq!(origin("grid.rows"), ("my.toml:3", Grade::User, None));
    assert_eq!(origin("grid.columns"), ("a talk", Grade::VendorClaim, Some(2025)));
    assert_eq!(origin("chip.clock"), ("--set", Grade::User, None));
    assert_eq!(origin("hbm.stacks").1, Grade::Published);
    assert_eq!((design.name.as_str(), design.summary.as_str()), ("my.toml", "extends hnlpu"));
    let line = show::design(&design).into_iter().find(|line| line.path == "chip.clock").unwrap();
    assert_eq!((line.value.as_str(), line.provenance.unwrap().source.as_str()), ("1.3 GHz", "--set"));
}

#[test]
fn unknown_names_are_refused() {
    let loader = |_: &str| Err(no_such_file());
    let error = |problems: designs::Problems| problems.to_string();
    let design = load::design("hnlp", &[], &loader).map(|_| ()).map_err(error).unwrap_err();
    assert!(design.starts_with("there is no preset `hnlp`\n    help: did you mean `hnlpu`?"), "{design}");
    let model = load::model("llama-3-1-9b", &loader).map(|_| ()).map_err(error).unwrap_err();
    assert!(model.contains("did you mean `llama-3-1-8b`?"), "{model}");
    let node = load::node("x.toml", &loader).map(|_| ()).map_err(error).unwrap_err();
    assert_eq!(node, "cannot read `x.toml`: no such file");
}

#[test]
fn a_memory_with_impossible_times_is_refused_where_they_stand() {
    let refused = |text: &str| {
        let text = format!("extends = \"hbm3\"\n{text}\n");
        load::memory("my.toml", &[], &|_: &str| Ok(text.clone())).expect_err("must be refused").to_string()
    };
    for (text, wanted) in [
        (
            "timing.t_ras = 30",
            "my.toml:2:16: `timing.t_ras` is 30 clock cycles; it must be at least 40: t_rcd_read + t_rtp, or a row closes before it is read",
        ),
        ("timing.t_rc = 70", "my.toml:2:15: `timing.t_rc` is 70 clock cycles; it must be at least 71: t_ras + t_rp"),
        ("timing.t_faw = 3", "my.toml:2:16: `timing.t_faw` is 3 clock cycles; it must be at least 4: t_rrd_s"),
        ("timing.t_rrd_l = 3", "my.toml:2:18: `timing.t_rrd_l` is 3 clock cycles; it must be at least 4: t_rrd_s"),
        ("timing.t_ccd_l = 1", "my.toml:2:18: `timing.t_ccd_l` is 1 clock cycles; it must be at least 2: t_ccd_s"),
        (
            "timing.t_ccd_s = 1",
            "my.toml:2:18: `timing.t_ccd_s` is 1 clock cycles; it must be at least 2: burst, or data collide",
        ),
        ("timing.t_wtr_l = 5", "my.toml:2:18: `timing.t_wtr_l` is 5 clock cycles; it must be at least 7: t_wtr_s"),
        (
            "timing.t_rtw = 11",
            "my.toml:2:16: `timing.t_rtw` is 11 clock cycles; it must be at least 12: t_cl + burst - t_cwl, or data collide",
        ),
        (
            "timing.t_refi = 600",
            "my.toml:2:17: `timing.t_refi` is 600 clock cycles; it must be at least 633: t_rfc + t_rc + 1, or nothing but refreshes issues",
        ),
        ("timing.t_rp = 0", "my.toml:2:15: `timing.t_rp` is 0; it must be at least 1 and at most 10000"),
        (
            "controller.read_queue = 0",
            "my.toml:2:25: `controller.read_queue` is 0; it must be at least 1 and at most 1024",
        ),
        (
            "controller.write_high = 33",
            "my.toml:2:25: `controller.write_high` is 33; it must be at most write_queue, 32",
        ),
        ("controller.write_low = 26", "my.toml:2:24: `controller.write_low` is 26; it must be below write_high, 26"),
        ("organization.bank_groups = 3", "my.toml:2:28: `organization.bank_groups` is 3; it must be a power of two"),
        (
            "organization.row_bytes = 16",
            "my.toml:2:26: `organization.row_bytes` is 16; it must be at least burst_bytes, 32",
        ),
    ] {
        assert_eq!(refused(text), wanted, "{text}");
    }
    assert!(refused("timing.t_rass = 50").contains("did you mean `t_ras`?"));
    let unknown = load::memory("hbm9", &[], &load::no_files).expect_err("no such preset").to_string();
    assert!(unknown.starts_with("there is no preset `hbm9`"), "{unknown}");
}
