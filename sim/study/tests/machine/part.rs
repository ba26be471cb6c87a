//! A part of a machine against the whole.

use designs::Override;
use designs::load;
use study::simulation::{Answer, Case, Question};

fn answer(question: &Question) -> Answer {
    let case = Case::load(question, &load::no_files).expect("a valid question");
    let prepared = case.prepare().expect("a valid request");
    let run = prepared.run();
    case.answer(&prepared, run, false, &load::no_files)
}

/// On slow links the same links bound part and whole.
#[test]
fn a_part_with_the_bound_of_the_whole_gives_its_figures() {
    let slow = Override::parse("interconnect.link_bandwidth=20GB/s").expect("well-formed");
    let mut question = Question { overrides: vec![slow], ..Question::new("hnlpu") };
    let whole = answer(&question).simulation;
    for layers in [6, 12] {
        question.layers = Some(layers);
        let answer = answer(&question);
        let part = answer.part.expect("a part was asked for");
        assert!(part.same_bound, "{}", part.reason);
        assert_eq!(
            (part.layers, part.of_layers, part.sequences, part.of_sequences),
            (layers, 36, 6 * layers as u64, 216)
        );
        let ratio = part.throughput_tokens_per_s / whole.throughput_tokens_per_s;
        assert!((ratio - 1.0).abs() < 1e-3, "{layers} layers: {ratio}");
        let ratio = part.token_latency_us / whole.token_latency_us;
        assert!((ratio - 1.0).abs() < 1e-2, "{layers} layers: {ratio}");
        assert!(answer.simulation.events < whole.events, "a part is less work");
    }
}

/// What differs is said: few layers of a machine whose links are busy in the whole only.
#[test]
fn a_part_with_another_bound_says_so() {
    let question = Question { layers: Some(2), ..Question::new("hnlpu") };
    let answer = answer(&question);
    let part = answer.part.expect("a part was asked for");
    assert!(!part.same_bound);
    assert_eq!(
        part.reason,
        "the part is bound by the latency of a token, the whole by the links: simulate more layers"
    );
    assert!(answer.simulation.notes.iter().any(|note| note.contains(&part.reason)));
}

/// All layers are the machine itself.
#[test]
fn all_layers_are_the_whole() {
    let question = Question { sequences: Some(20), ..Question::new("hnlpu") };
    let whole = answer(&question).simulation.throughput_tokens_per_s;
    let part = answer(&Question { layers: Some(36), ..question }).part.expect("a part was asked for");
    assert!((part.throughput_tokens_per_s / whole - 1.0).abs() < 1e-9, "{} {whole}", part.throughput_tokens_per_s);
    assert!(part.same_bound);
}
