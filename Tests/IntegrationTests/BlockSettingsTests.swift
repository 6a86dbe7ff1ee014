import BlockStructure
import DaemonRuntime
import Settings
import Testing

struct BlockSettingsTests {
    @Test func theDefaultsAreThoseOfTheRule() {
        #expect(BlockCriteria(BlockStructureSettings()) == BlockCriteria())
    }

    @Test func everyNumberIsTaken() {
        var settings = BlockStructureSettings()
        (settings.enter, settings.exit, settings.dominanceEnter, settings.dominanceExit) = (0.2, 0.1, 0.6, 0.5)
        (settings.threshold, settings.penalty, settings.intervalLayers) = (0.8, 0.3, 6)
        (settings.gateLayers, settings.gateShare, settings.corner, settings.overlap) = (7, 0.4, 0.7, 0.9)
        var criteria = BlockCriteria()
        (criteria.enter, criteria.exit, criteria.dominanceEnter, criteria.dominanceExit) = (0.2, 0.1, 0.6, 0.5)
        (criteria.threshold, criteria.penalty, criteria.intervalLayers) = (0.8, 0.3, 6)
        (criteria.gateLayers, criteria.gateShare, criteria.corner, criteria.overlap) = (7, 0.4, 0.7, 0.9)
        #expect(BlockCriteria(settings) == criteria)
    }

    @Test func expressionsSelectLayersByAnyPartOfTheirNames() {
        var settings = BlockStructureSettings()
        settings.groups = [#"\.out$"#, "conv[12]", "nothing"]
        let layers = ["a.conv1", "a.conv2", "a.out", "b.conv1", "b.out", "b.out.norm"]
        #expect(
            BlockFinder(settings, layers: layers).layerGroups == [
                LayerGroup(name: #"\.out$"#, layers: [2, 4]), LayerGroup(name: "conv[12]", layers: [0, 1, 3]),
                LayerGroup(name: "nothing", layers: []),
            ]
        )
        #expect(BlockFinder(BlockStructureSettings(), layers: layers).layerGroups == [])
    }
}
