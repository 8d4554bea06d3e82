using Headwater.Configuration;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Headwater.Logging;

/// <summary>Sends the activities of all sources named Headwater.* to a collector. Nothing of it exists when it is not configured.</summary>
sealed class Tracing(TracingConfig config) : IDisposable
{
    public const string Sources = "Headwater.*";

    readonly TracerProvider _provider = Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(static resource => resource.AddService("headwater", serviceVersion: BuildVersion.Text, serviceInstanceId: MachineId.Read()))
        .AddSource(Sources)
        // A session that brings a traceparent is traced as that says; of the others a share.
        .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(config.Ratio)))
        .AddOtlpExporter(otlp =>
        {
            // HTTP, because it passes proxies that gRPC does not and needs nothing more here.
            otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
            otlp.Endpoint = config.Otlp.AbsolutePath == "/" ? new Uri(config.Otlp, "/v1/traces") : config.Otlp;
        })
        .Build();

    public void Dispose() => _provider.Dispose();
}
