/// n(n − 3)·HSIC₁ by equation 5 of Song and others (2012) as printed, in O(*n*³), from matrices that nothing was done to.
func songEtAlEquation5(_ k: [Double], _ l: [Double], exampleCount n: Int) -> Double {
    var trace = 0.0
    var sumK = 0.0
    var sumL = 0.0
    var cross = 0.0
    for i in 0..<n {
        for j in 0..<n where i != j {
            trace += k[i * n + j] * l[j * n + i]
            sumK += k[i * n + j]
            sumL += l[i * n + j]
            for q in 0..<n where q != j {
                cross += k[i * n + j] * l[j * n + q]
            }
        }
    }
    let size = Double(n)
    return trace + sumK * sumL / ((size - 1) * (size - 2)) - 2 * cross / (size - 2)
}
