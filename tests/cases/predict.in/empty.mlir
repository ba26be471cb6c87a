module {
  func.func private @outside()
}
