using System.Text.Json.Serialization;

namespace Headwater.Control.Lease;

/// <summary>
/// The messages of etcd's API that are used, as its JSON gateway has them: keys and values in base64, 64-bit numbers as texts, zeros left out.
/// Source: https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/ and api_reference_v3 beside it.
/// </summary>
sealed record EtcdHeader(long Revision = 0, long RaftTerm = 0);

sealed record EtcdKeyValue(byte[] Key, byte[]? Value = null, long CreateRevision = 0, long ModRevision = 0, long Lease = 0);

sealed record GrantRequest([property: JsonPropertyName("TTL")] long Ttl);

sealed record GrantResponse(EtcdHeader Header, [property: JsonPropertyName("ID")] long Id = 0, [property: JsonPropertyName("TTL")] long Ttl = 0);

sealed record LeaseRequest([property: JsonPropertyName("ID")] long Id);

sealed record KeepAliveResponse(GrantResponse? Result = null);

sealed record RangeRequest(byte[] Key, byte[]? RangeEnd = null);

sealed record RangeResponse(EtcdHeader? Header = null, IReadOnlyList<EtcdKeyValue>? Kvs = null);

sealed record PutRequest(byte[] Key, byte[] Value, long Lease = 0);

sealed record PutResponse(EtcdHeader Header);

/// <param name="Target">CREATE or MOD: which of the two revisions is given, and must be equal. One of 0: the key is not there.</param>
sealed record Compare(byte[] Key, string Target, long? CreateRevision = null, long? ModRevision = null);

sealed record RequestOp(PutRequest? RequestPut = null, RangeRequest? RequestRange = null);

sealed record TxnRequest(IReadOnlyList<Compare> Compare, IReadOnlyList<RequestOp> Success, IReadOnlyList<RequestOp> Failure);

sealed record ResponseOp(RangeResponse? ResponseRange = null);

sealed record TxnResponse(EtcdHeader Header, bool Succeeded = false, IReadOnlyList<ResponseOp>? Responses = null);

sealed record WatchRequest(WatchCreate CreateRequest);

sealed record WatchCreate(byte[] Key, byte[] RangeEnd, long StartRevision);

sealed record WatchMessage(WatchResponse? Result = null);

sealed record WatchResponse(EtcdHeader? Header = null, bool Canceled = false, IReadOnlyList<WatchEvent>? Events = null);

/// <param name="Type">Null: put; "DELETE".</param>
sealed record WatchEvent(EtcdKeyValue Kv, string? Type = null);

sealed record AuthRequest(string Name, string Password);

sealed record AuthResponse(string? Token = null);

sealed record EtcdError(string? Error = null, string? Message = null, int Code = 0);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString)]
[JsonSerializable(typeof(GrantRequest)), JsonSerializable(typeof(GrantResponse)), JsonSerializable(typeof(LeaseRequest)), JsonSerializable(typeof(KeepAliveResponse))]
[JsonSerializable(typeof(RangeRequest)), JsonSerializable(typeof(RangeResponse)), JsonSerializable(typeof(PutRequest)), JsonSerializable(typeof(PutResponse))]
[JsonSerializable(typeof(TxnRequest)), JsonSerializable(typeof(TxnResponse)), JsonSerializable(typeof(WatchRequest)), JsonSerializable(typeof(WatchMessage))]
[JsonSerializable(typeof(AuthRequest)), JsonSerializable(typeof(AuthResponse)), JsonSerializable(typeof(EtcdError))]
sealed partial class EtcdJson : JsonSerializerContext;
