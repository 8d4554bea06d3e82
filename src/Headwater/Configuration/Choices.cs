namespace Headwater.Configuration;

enum ClientTls { Off, Optional, Required }

enum BackendTls { Off, Preferred, Required, Verified }

enum LogFormat { Text, Json }
