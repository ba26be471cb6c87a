func.func @odd(%q: !quantum.bit) {
  quantum.gate %q {angle = 3 : i32} : !quantum.bit
  quantum.measure %q : !quantum.bit
  quantum.gate %q {angle = 5 : i32} : !quantum.bit
  return
}
