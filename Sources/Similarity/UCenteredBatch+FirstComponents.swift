internal import LinearAlgebra

extension UCenteredBatch {
    /// What the layers' first components contribute, `nil` unless all layers were asked for theirs.
    ///
    /// - Parameter workspace: Scratch memory, bounded however many layers there are.
    /// - Returns: The contribution to a window.
    /// - Complexity: O(*L*² *n*²) for *L* layers.
    func firstComponents(workspace: inout Workspace) -> BatchFirstComponents? {
        var undefined: [UndefinedComponent?] = []
        var components: [(layer: Int, component: FirstComponent)] = []
        for (layer, gram) in self.grams.enumerated() {
            switch gram.firstComponent {
            case .found(let component)?:
                undefined.append(component.rest == nil ? .noRest : nil)
                components.append((layer, component))
            case .undefined(let reason)?: undefined.append(reason)
            case nil: return nil
            }
        }

        let n = self.exampleCount
        var eigenvalues = [Double](repeating: 0, count: self.grams.count)
        var shares = [Float](repeating: 0, count: self.grams.count * n)
        for (layer, component) in components {
            eigenvalues[layer] = component.eigenvalue
            for (example, weight) in component.vector.enumerated() {
                shares[layer * n + example] = Float(weight * weight)
            }
        }
        return BatchFirstComponents(
            exampleCount: n,
            undefined: undefined,
            eigenvalues: eigenvalues,
            alignments: self.alignments(of: components, workspace: &workspace),
            restProducts: self.restProducts(of: components, workspace: &workspace),
            shares: shares
        )
    }

    /// ⟨u₁, v₁⟩² of every two layers.
    private func alignments(
        of components: [(layer: Int, component: FirstComponent)],
        workspace: inout Workspace
    ) -> [Double] {
        let vectors = components.map { StoredNumbers.double(FixedNumbers($0.component.vector)) }
        let cosines = workspace.products(of: vectors, columns: 0..<self.exampleCount)
        return self.spread(cosines, of: components.map(\.layer)) { row, column, cosine in
            row == column ? 1 : cosine * cosine
        }
    }

    /// The inner products between the rests.
    ///
    /// Their entries are in the units of the layer with its component. In Float32 a layer's norm is at least 1e-6 of its
    /// unit, and a rest's 1e-6 of that: squares of entries stay above 1e-38 up to ten million examples.
    private func restProducts(
        of components: [(layer: Int, component: FirstComponent)],
        workspace: inout Workspace
    ) -> [Double] {
        var layers: [Int] = []
        var rests: [FirstComponent.Rest] = []
        for (layer, component) in components {
            guard let rest = component.rest else { continue }
            layers.append(layer)
            rests.append(rest)
        }
        let products = workspace.products(
            of: rests.map(\.entries),
            columns: 0..<self.columnCount
        )
        return self.spread(products, of: layers) { row, column, product in
            // Both triangles count, and only one was multiplied.
            row == column ? rests[row].norm * rests[row].norm : 2 * product * rests[row].unit * rests[column].unit
        }
    }

    /// Puts the products of some layers into the triangle of all layers.
    private func spread(
        _ products: [Double],
        of layers: [Int],
        value: (_ row: Int, _ column: Int, _ product: Double) -> Double
    ) -> [Double] {
        let count = self.grams.count
        var triangle = [Double](repeating: 0, count: count * (count + 1) / 2)
        var next = 0
        for row in layers.indices {
            for column in row..<layers.count {
                triangle[packedIndex(layers[row], layers[column], count: count)] = value(row, column, products[next])
                next += 1
            }
        }
        return triangle
    }
}
