use super::*;
use crate::analysis::{Analysis, Range};
use crate::tree::Tree;

fn graph(text: &str) -> (Tree, Graph) {
    let parsed = crate::parse(text, &crate::Limits::default());
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let analysis = Analysis::of(&parsed.tree);
    let function = parsed.tree.functions().next().unwrap();
    let graph = Graph::of(&parsed.tree, &analysis, function).unwrap();
    (parsed.tree, graph)
}

fn names(graph: &Graph, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|&n| graph.node(n).name.clone()).collect()
}

const DIAMOND: &str = "func.func @f(%x: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %a = stablehlo.exponential %x : tensor<16x16xf32>
  %b = stablehlo.dot_general %x, %x, contracting_dims = [1] x [0] : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %c = stablehlo.add %a, %b : tensor<16x16xf32>
  return %c : tensor<16x16xf32>
}";

#[test]
fn values_make_edges_and_work_the_critical_path() {
    let (_, graph) = graph(DIAMOND);
    let nodes: Vec<NodeId> = graph.nodes().collect();
    assert_eq!(names(&graph, &graph.producers(nodes[3])), ["stablehlo.exponential", "stablehlo.dot_general"]);
    assert_eq!(names(&graph, &graph.consumers(nodes[0])), ["stablehlo.exponential", "stablehlo.dot_general"]);
    assert_eq!(graph.node(nodes[2]).bytes, Range::exact(1024));
    let path = graph.critical_path(Weight::Work);
    assert_eq!(path.length, Range::exact(2 * 16 * 16 * 16 + 16 * 16));
    assert_eq!(names(&graph, &path.nodes), ["stablehlo.dot_general", "stablehlo.add"]);
    assert_eq!(graph.critical_path(Weight::Operations).length, Range::exact(3));
}

#[test]
fn memory_orders_what_no_value_connects() {
    let (_, graph) = graph(
        "func.func @f(%a: memref<8xf32>, %b: memref<8xf32>, %c: f32) {
          linalg.fill ins(%c : f32) outs(%a : memref<8xf32>)
          linalg.fill ins(%c : f32) outs(%b : memref<8xf32>)
          %v = memref.subview %a[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
          affine.for %i = 0 to 4 {
            %x = memref.load %v[%i] : memref<4xf32, strided<[1]>>
            memref.store %x, %b[%i] : memref<8xf32>
          }
          memref.copy %b, %a : memref<8xf32> to memref<8xf32>
          return
        }",
    );
    let operations: Vec<NodeId> = graph.nodes().skip(3).collect();
    let [fill_a, fill_b, _, nest, copy, _] = operations[..] else { panic!("six operations") };
    assert!(graph.producers(nest).contains(&fill_a), "through the view");
    assert!(graph.producers(nest).contains(&fill_b), "write after write");
    assert!(graph.producers(copy).contains(&nest), "read after write, and write after read");
    assert!(!graph.producers(fill_b).contains(&fill_a), "different memory");
}

#[test]
fn unknown_work_leaves_the_path_open() {
    let (_, graph) = graph(
        "func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
          %a = stablehlo.add %x, %x : tensor<4xf32>
          %b = \"my.op\"(%a) : (tensor<4xf32>) -> tensor<4xf32>
          return %b : tensor<4xf32>
        }",
    );
    assert_eq!(graph.critical_path(Weight::Work).length, Range { low: 4, high: None });
}

#[test]
fn pictures_show_every_node_and_escape_what_they_show() {
    let (tree, graph) = graph(DIAMOND);
    let picture = svg(&graph, &tree, "a <b> & c").unwrap();
    assert_eq!(picture.matches("rx=\"4\"").count(), graph.nodes().len());
    assert!(picture.contains("a &lt;b&gt; &amp; c") && !picture.contains("<b>"));
    let text = dot(&graph, &tree, "quote \" here");
    assert!(text.starts_with("digraph \"quote \\\" here\" {") && text.matches(" -> ").count() == graph.edges().count());
}
