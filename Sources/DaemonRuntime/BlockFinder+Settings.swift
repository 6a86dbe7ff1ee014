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
    ///
    /// A layer belongs to a group where the group's expression matches any part of its name. One that matches
    /// no layer makes an empty group.
    public init(_ settings: BlockStructureSettings, layers: [String]) {
        var groups: [LayerGroup] = []
        for expression in settings.groups {
            // The settings were checked when they were read: what is no expression matches nothing.
            guard let regex = try? Regex(expression) else { continue }
            let members = layers.indices.filter { layers[$0].contains(regex) }
            groups.append(LayerGroup(name: expression, layers: members))
        }
        self.init(criteria: BlockCriteria(settings), layerGroups: groups)
    }
}
