// swift-tools-version: 6.3
import PackageDescription

let package = Package(
    name: "livecka",
    products: [
        .executable(name: "livecka", targets: ["livecka"]),
        .executable(name: "livecka-bench", targets: ["livecka-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C seen by Swift: one target touches each library, nothing of C leaves it.
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
        .target(name: "CKernels"),
        .target(name: "CPlatform"),

        .target(name: "Threads", dependencies: ["CPlatform"]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"]),
        .target(name: "LinearAlgebra", dependencies: ["CKernels"]),
        .target(name: "Similarity", dependencies: ["LinearAlgebra"]),
        .target(name: "BlockStructure", dependencies: ["Similarity"]),
        .target(name: "WireFormat", dependencies: ["LinearAlgebra", "Similarity"]),
        .target(name: "Alerting", dependencies: ["BlockStructure", "Similarity", "WireFormat"]),
        .target(name: "Monitoring", dependencies: ["Similarity", "WireFormat"]),
        .target(
            name: "Computation",
            dependencies: [
                "Monitoring", "Similarity", "Threads", "WireFormat", "ZeroMQ",
                .product(name: "DequeModule", package: "swift-collections"),
            ]
        ),
        .target(name: "Ingestion", dependencies: ["Monitoring", "Threads", "ZeroMQ"]),
        .target(name: "Publishing", dependencies: ["Monitoring", "Similarity", "Threads", "WireFormat", "ZeroMQ"]),
        .target(name: "Alertmanager", dependencies: ["Alerting", "Threads", "WireFormat"]),
        .target(name: "Control", dependencies: ["Threads", "WireFormat", "ZeroMQ"]),
        .target(name: "Snapshots", dependencies: ["BlockStructure", "WireFormat"]),
        .target(name: "Pictures", dependencies: ["BlockStructure", "CPNG", "Snapshots", "WireFormat"]),
        .target(name: "ServiceNotification"),
        .target(name: "Settings", dependencies: [.product(name: "Yams", package: "Yams")]),
        .target(
            name: "DaemonRuntime",
            dependencies: [
                "Alerting", "Alertmanager", "BlockStructure", "Computation", "Control", "Ingestion", "LinearAlgebra",
                "Monitoring", "Publishing", "ServiceNotification", "Settings", "Similarity", "Snapshots", "Threads",
                "WireFormat", "ZeroMQ",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),
        .executableTarget(
            name: "livecka",
            dependencies: [
                "BlockStructure", "Control", "DaemonRuntime", "Pictures", "Settings", "Snapshots", "Threads",
                "WireFormat", "ZeroMQ",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .target(
            name: "Benchmarks",
            dependencies: [
                "BlockStructure", "COpenBLAS", "Computation", "Control", "LinearAlgebra", "Monitoring", "Similarity",
                "Threads", "WireFormat", "ZeroMQ",
            ]
        ),
        .executableTarget(
            name: "livecka-bench",
            dependencies: [
                "Benchmarks", "LinearAlgebra", "Threads", "WireFormat",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        .testTarget(name: "AlertingTests", dependencies: ["Alerting", "BlockStructure", "Similarity", "WireFormat"]),
        .testTarget(name: "AlertmanagerTests", dependencies: ["Alerting", "Alertmanager", "WireFormat"]),
        .testTarget(name: "BenchmarksTests", dependencies: ["Benchmarks", "LinearAlgebra", "WireFormat"]),
        .testTarget(
            name: "BlockStructureTests",
            dependencies: ["BlockStructure", "Similarity"],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "ComputationTests",
            dependencies: [
                "Computation", "LinearAlgebra", "Monitoring", "Similarity", "Threads", "WireFormat", "ZeroMQ",
            ]
        ),
        .testTarget(name: "ControlTests", dependencies: ["Control", "Threads", "WireFormat", "ZeroMQ"]),
        .testTarget(
            name: "DaemonRuntimeTests",
            dependencies: [
                "DaemonRuntime", "Monitoring", "Similarity", "WireFormat",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "IngestionTests", dependencies: ["Ingestion", "Monitoring", "Threads", "ZeroMQ"]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "BlockStructure", "Control", "DaemonRuntime", "Settings", "Similarity", "WireFormat", "ZeroMQ",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(name: "LinearAlgebraTests", dependencies: ["LinearAlgebra"]),
        .testTarget(name: "MonitoringTests", dependencies: ["Monitoring", "Similarity", "WireFormat"]),
        .testTarget(
            name: "PicturesTests",
            dependencies: ["BlockStructure", "CPNG", "Pictures", "Snapshots", "WireFormat"]
        ),
        .testTarget(
            name: "PublishingTests",
            dependencies: ["LinearAlgebra", "Monitoring", "Publishing", "Similarity", "WireFormat", "ZeroMQ"]
        ),
        .testTarget(name: "ServiceNotificationTests", dependencies: ["ServiceNotification"]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
        .testTarget(name: "SimilarityTests", dependencies: ["Similarity"], exclude: ["Fixtures"]),
        .testTarget(name: "SnapshotsTests", dependencies: ["BlockStructure", "Snapshots", "WireFormat"]),
        .testTarget(name: "ThreadsTests", dependencies: ["Threads"]),
        .testTarget(name: "WireFormatTests", dependencies: ["LinearAlgebra", "Similarity", "WireFormat"]),
        .testTarget(name: "ZeroMQTests", dependencies: ["Threads", "ZeroMQ"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
}
