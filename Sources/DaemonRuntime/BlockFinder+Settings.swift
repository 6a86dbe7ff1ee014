public import BlockStructure
public import Settings

extension BlockCriteria {
    /// The numbers that the settings say.
    public init(_ settings: BlockStructureSettings) {
        self.init()
        self.threshold = settings.threshold
        self.penalty = settings.penalty
        self.intervalLayers = settings.intervalLayers
        self.gateLayers = settings.gateLayers
        self.gateShare = settings.gateShare
        self.corner = settings.corner
        self.enter = settings.enter
        self.exit = settings.exit
        self.dominanceEnter = settings.dominanceEnter
        self.dominanceExit = settings.dominanceExit
        self.overlap = settings.overlap
    }
}

extension BlockFinder {
    /// The finder that the settings describe, for a list of layers.
    public init(_ settings: BlockStructureSettings, layers: [String]) {
        self.init(
            criteria: BlockCriteria(settings),
            layerGroups: settings.groups.map { LayerGroup(matching: $0, among: layers) }
        )
    }
}
