using System.Text;
using Headwater.Core.Consumers;

namespace Headwater.Http;

/// <summary>How a change is written.</summary>
enum FeedFormat { Json, Text, Sql }

static class FeedFormats
{
    public static byte[] Write(this FeedFormat format, ChangeRecord change) => format switch
    {
        FeedFormat.Json => ChangeJson.Of(change),
        FeedFormat.Text => Encoding.UTF8.GetBytes(ChangeText.Line(change)),
        _ => Encoding.UTF8.GetBytes(ChangeText.Sql(change)),
    };
}
